import fc from 'fast-check';
import t from 'tap';
import { Placement } from '../../../lib/placement/placement.js';
import { desiredNetwork } from '../../../lib/plan/desired.js';
import { KERNEL, topologyOf } from '../plan/hosts.js';

/** Four VMs of one network on three hosts. */
const FOUR = topologyOf([
  '\nprobes:\n  - {from: host-c, to: web}',
  `${['db', 'mail', 'dns']
    .map(
      (name, index) =>
        `\n  ${name}:\n    host: host-${'abc'[index % 3]}\n    image: micro\n` +
        `    nics: [{network: blue, mac: "52:54:00:09:00:1${index}", address: 10.9.0.1${index}/24}]`,
    )
    .join('')}\nprobes: []`,
]);

const NAMES = FOUR.vms.map(({ name }) => name);
const HOSTS = FOUR.hosts.map(({ name }) => name);
const placed = (placement: Placement) =>
  Object.fromEntries(placement.current.vms.map(({ name, host }) => [name, host]));
/** As a host's plan sees it: which VMs have a tap there, and which of them are on their way. */
const tapsAt = (placement: Placement, host: string) => {
  const view = placement.viewOf(host);
  const { bridges } = desiredNetwork(view.topology, host, { ...KERNEL, incoming: view.incoming, alsoAt: view.alsoAt });
  return bridges.flatMap(({ ports }) =>
    ports.flatMap((port) => (port.kind === 'tap' ? [`${port.vm}${port.incoming === null ? '' : ' comes'}`] : [])),
  );
};

t.test('on its way a VM has what it needs at both ends, and each end is told what it is there', async (t) => {
  const placement = new Placement(FOUR);
  t.match(placed(placement), { web: 'host-a', db: 'host-a', mail: 'host-b', dns: 'host-c' });
  placement.depart('web', { from: 'host-a', to: 'host-b' });
  t.same(tapsAt(placement, 'host-a').sort(), ['db', 'web']);
  t.same(tapsAt(placement, 'host-b').sort(), ['mail', 'web comes']);
  t.equal(placed(placement).web, 'host-a');
  placement.arrive('web');
  t.same(tapsAt(placement, 'host-a').sort(), ['db', 'web'], 'the source holds on until it is told');
  t.same(tapsAt(placement, 'host-b').sort(), ['mail', 'web']);
  t.equal(placed(placement).web, 'host-b');
  placement.settle('web');
  t.same(tapsAt(placement, 'host-a'), ['db']);
  t.same(tapsAt(placement, 'host-b').sort(), ['mail', 'web']);
  placement.depart('db', { from: 'host-a', to: 'host-c' });
  placement.stay('db');
  t.same(tapsAt(placement, 'host-c'), ['dns']);
});

t.test('a table may have a VM that moves at either end, and one that rests at its own only', async (t) => {
  const placement = new Placement(FOUR);
  const ways = (vm: string) => {
    const view = placement.viewOf('host-c');
    const [bridge] = desiredNetwork(view.topology, 'host-c', { ...KERNEL, alsoAt: view.alsoAt }).bridges;
    const mac = FOUR.vms.find(({ name }) => name === vm)?.nics[0]?.mac ?? '';
    return bridge?.behind
      .get(mac)
      ?.map(({ port }) => port)
      .sort();
  };
  t.equal(ways('web')?.length, 1);
  placement.depart('web', { from: 'host-a', to: 'host-b' });
  t.equal(ways('web')?.length, 2);
  t.equal(ways('db')?.length, 1);
  placement.arrive('web');
  t.equal(ways('web')?.length, 2);
  placement.settle('web');
  t.equal(ways('web')?.length, 1);
});

t.test('what cannot be is refused', async (t) => {
  const placement = new Placement(FOUR);
  t.throws(() => placement.depart('web', { from: 'host-b', to: 'host-c' }), /web cannot leave host-b/);
  t.throws(() => placement.depart('web', { from: 'host-a', to: 'host-a' }));
  placement.depart('web', { from: 'host-a', to: 'host-b' });
  t.throws(() => placement.depart('web', { from: 'host-a', to: 'host-c' }), /on its way/);
  t.throws(() => placement.arrive('db'), /db does not move/);
  t.throws(() => placement.placeOf('nobody'), /no VM nobody/);
});

t.test('memory that others on their way have been promised', async (t) => {
  const placement = new Placement(FOUR);
  placement.depart('web', { from: 'host-a', to: 'host-b' });
  placement.carry('web', { neededBytes: 100 });
  placement.depart('dns', { from: 'host-c', to: 'host-b' });
  t.equal(placement.promisedBytes('host-b', 'dns'), 100);
  t.equal(placement.promisedBytes('host-b', 'web'), 0);
  placement.arrive('web');
  t.equal(placement.promisedBytes('host-b', 'dns'), 0, 'what it has taken is not free any more');
});

/**
 * Whatever is done in whatever order: each VM runs at one host, and no host's plan takes a tap from one that may run
 * there.
 */
t.test('random moves of all VMs at the same time', async () => {
  const step = fc.record({
    vm: fc.constantFrom(...NAMES),
    to: fc.constantFrom(...HOSTS),
    word: fc.constantFrom('go', 'arrive', 'settle', 'stay'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const placement = new Placement(FOUR);
      for (const { vm, to, word } of steps) {
        const place = placement.placeOf(vm);
        if (word === 'go' && place.kind === 'at' && place.host !== to) placement.depart(vm, { from: place.host, to });
        if (place.kind === 'moving') {
          if (word === 'arrive') placement.arrive(vm);
          if (word === 'settle' && place.phase === 'arrived') placement.settle(vm);
          if (word === 'stay' && place.phase === 'coming') placement.stay(vm);
        }
        for (const name of NAMES) {
          const now = placement.placeOf(name);
          const ends = now.kind === 'at' ? [now.host] : [now.from, now.to];
          for (const host of HOSTS) {
            const has = tapsAt(placement, host).some((tap) => tap.split(' ')[0] === name);
            if (has !== ends.includes(host))
              throw new Error(`${name} at ${host}: ${has}, though ${JSON.stringify(now)}`);
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});
