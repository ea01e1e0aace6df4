import fc from 'fast-check';
import t from 'tap';
import { isQuickerAlone, type Move, schedule } from '../../../lib/placement/schedule.js';

const MIB = 1024 * 1024;
const move = (vm: string, from: string, to: string, how: Partial<Move> = {}): Move => ({
  vm,
  from,
  to,
  memoryBytes: 128 * MIB,
  bandwidthBytesPerSecond: null,
  dirtyBytesPerSecond: null,
  links: [],
  ...how,
});
const waits = (moves: readonly Move[], perHost = 2) =>
  Object.fromEntries(schedule(moves, perHost).map(({ vm, after }) => [vm, after]));

t.test('two VMs that change places, twice over, all go at once', async (t) => {
  const swap = [move('a', 'x', 'y'), move('b', 'x', 'y'), move('c', 'y', 'x'), move('d', 'y', 'x')];
  t.same(waits(swap), { a: [], b: [], c: [], d: [] });
});

t.test('no more leave a host, or come to one, than may', async (t) => {
  const away = [move('a', 'x', 'y'), move('b', 'x', 'z'), move('c', 'x', 'w'), move('d', 'x', 'v')];
  t.same(waits(away), { a: [], b: [], c: ['a'], d: ['b'] });
  t.same(waits(away, 1), { a: [], b: ['a'], c: ['b'], d: ['c'] });
  t.same(waits([move('a', 'x', 'y'), move('b', 'z', 'y'), move('c', 'w', 'y')]), { a: [], b: [], c: ['a'] });
  t.match(schedule(away, 2)[2], { why: '2 at a time for a host' });
});

t.test('a smaller one ends earlier, and whoever waits takes its place', async (t) => {
  const links = [{ name: 'l', bytesPerSecond: 10 * MIB }];
  const moves = [
    move('large', 'x', 'y', { memoryBytes: 4096 * MIB, links }),
    move('small', 'x', 'z', { memoryBytes: 64 * MIB, links: [] }),
    move('next', 'x', 'w'),
  ];
  t.same(waits(moves), { large: [], small: [], next: ['small'] });
});

t.test('guests that write much share no link: one after the other is quicker', async (t) => {
  const links = [{ name: 'on the link out of left', bytesPerSecond: 12 * MIB }];
  const busy = { links, dirtyBytesPerSecond: 5 * MIB };
  t.ok(isQuickerAlone([move('a', 'x', 'y', busy), move('b', 'x', 'z', busy)]));
  const idle = { links, dirtyBytesPerSecond: 0 };
  t.notOk(isQuickerAlone([move('a', 'x', 'y', idle), move('b', 'x', 'z', idle)]));
  t.notOk(isQuickerAlone([move('a', 'x', 'y', busy)]), 'one shares with nobody');
  const [, second] = schedule([move('a', 'x', 'y', busy), move('b', 'x', 'z', busy)], 2);
  t.match(second, { after: ['a'], why: 'one after the other is quicker on the link out of left' });
});

t.test('whatever is to move: it is begun once, never waits for itself, and no host has more than may', async () => {
  const hosts = ['x', 'y', 'z', 'w'];
  const random = fc.array(
    fc.record({
      from: fc.constantFrom(...hosts),
      to: fc.constantFrom(...hosts),
      memoryBytes: fc.integer({ min: 1, max: 4096 }).map((mib) => mib * MIB),
      busy: fc.boolean(),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(random, fc.integer({ min: 1, max: 3 }), (given, perHost) => {
      const moves = given
        .filter(({ from, to }) => from !== to)
        .map(({ from, to, memoryBytes, busy }, index) =>
          move(`vm${index}`, from, to, {
            memoryBytes,
            dirtyBytesPerSecond: busy ? 8 * MIB : 0,
            links: [{ name: `out of ${from}`, bytesPerSecond: 10 * MIB }],
          }),
        );
      const order = schedule(moves, perHost);
      if (order.length !== moves.length) throw new Error('not all of them');
      // Whoever may run at the same time: none of the two waits for the other, also not by others.
      const before = new Map<string, Set<string>>();
      for (const { vm, after } of order) {
        const all = new Set(after.flatMap((name) => [name, ...(before.get(name) ?? new Set(['?']))]));
        if (all.has('?') || all.has(vm)) throw new Error(`${vm} waits for one that comes later`);
        before.set(vm, all);
      }
      for (const host of hosts) {
        for (const end of ['from', 'to'] as const) {
          const its = order.filter((one) => one[end] === host).map(({ vm }) => vm);
          // A set of which no two wait for each other; as many as fit into slots, for these are chains.
          const free = its.filter((vm) => !its.some((other) => before.get(vm)?.has(other)));
          if (free.length > perHost) throw new Error(`${free.join(', ')} ${end} ${host} at a time`);
        }
      }
    }),
  );
});
