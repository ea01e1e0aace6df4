import t from 'tap';
import { OvsDatabase } from '../../../lib/network/ovs/ovs-database.js';
import type { ObservedDomain, ObservedHost } from '../../../lib/plan/observed.js';
import { topologyOf } from '../plan/hosts.js';
import { failing } from './fleet.js';
import { Watching } from './watching.js';

const TOPOLOGY = topologyOf();
const broken = ({ bridges }: ObservedHost) => ({
  bridges: bridges.map((bridge) => ({ ...bridge, failMode: 'standalone' })),
});
const whole = ({ bridges }: ObservedHost) => ({
  bridges: bridges.map((bridge) => ({ ...bridge, failMode: 'secure' })),
});
const vmIs = (more: Partial<ObservedDomain>) => (host: ObservedHost) => ({
  domains: host.domains.map((domain) => ({ ...domain, ...more })),
});
const OFF = vmIs({ state: 'shut off', live: null });
const [BRIDGE] = new Watching(TOPOLOGY).fleet.states.flatMap(({ bridges }) => bridges.map(({ name }) => name));

t.test('what differs is told once, and again when it is as the file says; nothing is touched', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin();
  watching.change('host-b', broken);
  await watching.hears(`host-b drift bridge ${BRIDGE}`);
  t.match(
    watching.state.map(({ host, drifts }) => [host, drifts.length]),
    [
      ['host-a', 0],
      ['host-b', 1],
      ['host-c', 0],
    ],
  );
  await watching.looks('host-b', 4);
  t.strictSame(watching.told, [], 'it is no news any more');
  watching.change('host-b', whole);
  await watching.hears(`host-b gone bridge ${BRIDGE}`);
  await watching.end();
  t.strictSame(watching.fleet.done, []);
  t.strictSame(watching.told, []);
});

t.test('with --repair networks they are put right, and a VM that is off stays off', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin('networks');
  watching.change('host-a', OFF);
  await watching.hears('host-a drift vm web');
  const database = watching.fleet.database('host-a');
  watching.fleet.before = (what) => {
    if (what === 'host-a ovs set-bridge') t.ok(database.isLocked, 'no other controller works there meanwhile');
  };
  watching.change('host-a', broken);
  t.strictSame(await watching.hears('repaired'), [`host-a drift bridge ${BRIDGE}`, `host-a repaired bridge ${BRIDGE}`]);
  await watching.end();
  t.strictSame(watching.fleet.done, ['host-a ovs set-bridge']);
  t.match(watching.state[0], { drifts: [{ kind: 'vm', name: 'web' }], vmsRunning: 0 });
});

t.test('with --repair vms one that is off is started; one that is paused is told of, and nothing more', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin('vms');
  watching.change('host-a', OFF);
  t.strictSame(await watching.hears('host-a repaired vm web'), ['host-a drift vm web', 'host-a repaired vm web']);
  t.strictSame(watching.fleet.done, ['host-a vm start']);
  watching.fleet.done.length = 0;
  watching.change('host-a', vmIs({ state: 'paused', reason: 'user' }));
  await watching.looks('host-a', 4);
  watching.change('host-a', vmIs({ state: 'paused', reason: 'migration', pausedByMigration: true, arriving: true }));
  await watching.hears('host-a drift vm web');
  watching.change('host-a', broken);
  await watching.hears('host-a repaired bridge');
  t.strictSame(watching.fleet.done.splice(0), ['host-a ovs set-bridge'], 'one that a migration paused is for apply');
  t.strictSame(watching.fleet.done, []);
  await watching.end();
});

t.test('a VM that runs on another host than the file says is neither moved nor started a second time', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin('vms');
  const [a] = watching.fleet.states;
  watching.fleet.change('host-b', () => ({ domains: a?.domains ?? [] }));
  watching.change('host-a', () => ({ domains: [] }));
  watching.fleet.database('host-b').stir();
  await watching.looks('host-a', 4);
  await watching.looks('host-b', 4);
  await watching.end();
  t.strictSame(
    watching.fleet.done.filter((what) => what.includes(' vm ')),
    [],
  );
});

t.test('while one host is away no VM is started anywhere: it may run there', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin('vms');
  watching.away.add('host-c');
  watching.fleet.database('host-c').hangUp();
  await watching.hears('host-c lost');
  watching.change('host-a', OFF);
  await watching.hears('host-a drift vm web');
  await watching.looks('host-a', 4);
  t.strictSame(watching.fleet.done, []);
  watching.away.delete('host-c');
  await watching.hears('host-c watching');
  watching.fleet.database('host-a').stir();
  await watching.hears('host-a repaired vm web');
  await watching.end();
});

t.test(
  'half of what another controller does is no drift: it is told as busy once, and judged when he is done',
  async (t) => {
    const watching = new Watching(TOPOLOGY);
    const other = await OvsDatabase.open(watching.fleet.shell('host-b'));
    await watching.begin('vms');
    const lock = await other.askForLock({ steal: false });
    watching.change('host-b', broken);
    t.strictSame(await watching.hears('host-b busy'), ['host-b busy another controller works there']);
    watching.fleet.database('host-b').lockRequests = 0;
    const looks = watching.fleet.shell('host-b').asked.length;
    await watching.until(() => watching.fleet.database('host-b').lockRequests > 3);
    t.equal(watching.fleet.shell('host-b').asked.length, looks, 'he is not kept busy by looks');
    t.strictSame(watching.told, []);
    t.strictSame(watching.fleet.done, []);
    await lock.release();
    await watching.hears(`host-b drift bridge ${BRIDGE}`);
    await watching.hears(`host-b repaired bridge ${BRIDGE}`);
    await watching.end();
  },
);

t.test('a controller that comes while the host is looked at is left in peace, too', async (t) => {
  const watching = new Watching(TOPOLOGY);
  const other = await OvsDatabase.open(watching.fleet.shell('host-b'));
  await watching.begin('networks');
  watching.fleet.before = (what) => {
    if (what !== 'host-b observe') return;
    watching.fleet.before = () => undefined;
    void other.askForLock({ steal: false });
  };
  watching.change('host-b', broken);
  t.strictSame(await watching.hears('host-b busy'), ['host-b busy another controller works there']);
  other.close();
  await watching.hears(`host-b repaired bridge ${BRIDGE}`);
  await watching.end();
});

t.test(
  'a host that is lost is told once, tried again after ever longer waits, and then watched as before',
  async (t) => {
    const watching = await new Watching(TOPOLOGY).begin();
    watching.away.add('host-b');
    let tries = 0;
    watching.beforeOpen = () => {
      tries += 1;
      if (tries === 8) watching.away.clear();
    };
    watching.fleet.change('host-b', broken);
    const followed = [...watching.fleet.shell('host-b').followed.values()];
    watching.fleet.database('host-b').hangUp();
    const news = await watching.hears('host-b watching');
    t.match(news, [
      /^host-b lost .*closed the connection 1000$/,
      `host-b drift bridge ${BRIDGE}`,
      'host-b watching 1 true',
    ]);
    t.ok(followed.length > 2 && followed.every(({ isStopped }) => isStopped), 'nothing is left running there');
    t.strictSame(
      watching.pauses,
      [1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1_000),
    );
    watching.change('host-b', whole);
    await watching.hears(`host-b gone bridge ${BRIDGE}`);
    await watching.end();
  },
);

t.test('a host that is lost holds what it held, and does not make drifts of its neighbours', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin();
  watching.away.add('host-b');
  watching.fleet.database('host-b').hangUp();
  await watching.hears('host-b lost');
  t.match(watching.state, [{ connected: true }, { connected: false }, { connected: true }]);
  await watching.looks('host-a', 4);
  t.strictSame(watching.told, []);
  await watching.end();
});

t.test('a switch that is down is one trouble, told once until it was well again', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin();
  const shell = watching.fleet.shell('host-b');
  const down = { exitCode: 1, stderr: 'ovs-appctl: cannot connect' };
  shell.on(/^ovs-appctl/, down);
  watching.change('host-b', broken);
  t.match(await watching.hears('host-b trouble'), [/^host-b trouble .*cannot connect/]);
  await watching.looks('host-b', 4);
  t.strictSame(watching.told, [], 'it is tried again, and not told again');
  shell.on(/^ovs-appctl/, '');
  await watching.hears('host-b drift bridge');
  shell.on(/^ovs-appctl/, down);
  watching.fleet.database('host-b').stir();
  await watching.hears('host-b trouble');
  await watching.end();
});

t.test('a repair that fails is told, and tried again', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin('networks');
  let failures = 2;
  watching.fleet.before = (what) => {
    if (what === 'host-b ovs set-bridge' && failures-- > 0) throw failing(what);
  };
  watching.change('host-b', broken);
  t.match(await watching.hears('host-b repaired'), [
    `host-b drift bridge ${BRIDGE}`,
    /^host-b repair-failed .*ended with status 1/,
    /^host-b repair-failed .*ended with status 1/,
    `host-b repaired bridge ${BRIDGE}`,
  ]);
  await watching.end();
});

t.test('where one host cannot be reached at the beginning, that is the end, and nothing is left open', async (t) => {
  const watching = new Watching(TOPOLOGY);
  watching.away.add('host-c');
  await t.rejects(watching.begin(), { code: 'SSH_CONNECT', where: 'host-c' });
  for (const name of ['host-a', 'host-b']) t.equal(watching.fleet.database(name).connections, 0, name);
});

t.test('a bug at one host ends all, and what was begun on the hosts ends with it', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin();
  watching.fleet.before = () => {
    throw new TypeError('a bug');
  };
  watching.fleet.database('host-a').stir();
  await t.rejects(watching.over(), { message: 'a bug' });
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(watching.pauses, [], 'no host is tried again');
  for (const { name } of TOPOLOGY.hosts) {
    t.equal(watching.fleet.database(name).connections, 0, name);
    for (const [line, command] of watching.fleet.shell(name).followed) t.ok(command.isStopped, `${name}: ${line}`);
  }
});
