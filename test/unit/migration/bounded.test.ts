import fc from 'fast-check';
import t from 'tap';
import type { Bound } from '../../../lib/model/strategy-settings.js';
import { boundBytes } from '../../../lib/strategies/bounded.js';
import { DEFAULT_SETTINGS, strategyFor } from '../../../lib/strategies/registry.js';
import { type SimulatedGuest, simulate } from './simulated-copy.js';

const MIB = 1024 * 1024;

/** It writes faster than the link carries, to all of its memory. */
const FAST: Omit<SimulatedGuest, 'random'> = {
  memoryMib: 128,
  hot: 0.9,
  blank: 0,
  dirtiesMibPerSecond: 120,
  linkMibPerSecond: 40,
  unsteady: 0.05,
  lookMs: 20,
  armingMs: 30,
};

/** mulberry32: the same series for the same seed. */
function series(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function run(strategy: string, guest: Omit<SimulatedGuest, 'random'>, bound: Partial<Bound> = {}, seed = 1) {
  const settings = { ...DEFAULT_SETTINGS, bound: { ...DEFAULT_SETTINGS.bound, ...bound } };
  return {
    ...simulate({ ...guest, random: series(seed) }, strategyFor({ strategy, ...settings }), 300_000),
    limitBytes: boundBytes(settings.bound, guest.memoryMib * MIB),
    limitMs: settings.bound.durationMs,
  };
}

t.test('a guest that writes faster than the link carries: pre-copy never ends, bounded within its bound', async (t) => {
  t.match(run('pre-copy', FAST), { kind: 'still copying' });
  const end = run('bounded', FAST);
  t.match(end, { kind: 'stopped', why: /^another pass and all of the memory after it would not fit the bound of / });
  t.ok(end.bytes <= end.limitBytes, `${end.bytes} of ${end.limitBytes}`);
  t.ok(end.ms <= end.limitMs, `${end.ms} of ${end.limitMs}`);
  const { finish } = end;
  if (finish?.kind !== 'stop') return t.fail('it does not stop');
  t.ok(Math.abs((finish.expectedMs ?? 0) - end.pauseMs) <= 0.2 * end.pauseMs, `${finish.expectedMs}, ${end.pauseMs}`);
  t.ok(end.pauseMs <= 1.3 * finish.atMostMs);
});

t.test('more room is used for more passes, and post-copy takes the place of the stop', async (t) => {
  const calm = { ...FAST, hot: 0.6, dirtiesMibPerSecond: 25 };
  const [twice, five] = [2, 5].map((times) => run('bounded', calm, { bytes: { kind: 'times', times } }));
  t.ok((five?.pauseMs ?? 0) < (twice?.pauseMs ?? 0), `${five?.pauseMs} < ${twice?.pauseMs}`);
  t.match(run('bounded', FAST, { end: 'post-copy' }), { kind: 'post-copy', pauseMs: 0 });
});

t.test(
  'a small bound breaks off the first pass; one that cannot be kept is called off, and nothing stood still',
  async (t) => {
    const once = run('bounded', FAST, { bytes: { kind: 'times', times: 1.3 } });
    t.match(once, { kind: 'stopped', why: /^all of the memory a moment later would not fit the bound of / });
    t.ok(once.bytes <= once.limitBytes, `${once.bytes} of ${once.limitBytes}`);
    t.match(run('bounded', FAST, { bytes: { kind: 'size', bytes: 64 * MIB } }), {
      kind: 'called off',
      pauseMs: 0,
      why: /would not fit the bound of 64 MiB and 60 s$/,
    });
    t.match(run('bounded', FAST, { durationMs: 3_000 }), { kind: 'called off', pauseMs: 0 });
  },
);

t.test('a guest with little to do is moved as by pre-copy', async (t) => {
  const idle = { ...FAST, hot: 0.02, dirtiesMibPerSecond: 1 };
  t.ok(run('bounded', idle).pauseMs <= 300);
  t.match(run('bounded', idle).why, /fits the downtime that is allowed/);
});

t.test('whatever the guest writes, and whatever the link carries: it ends within its bound', async () => {
  const guests = fc.record({
    memoryMib: fc.integer({ min: 48, max: 192 }),
    hot: fc.double({ min: 0, max: 1, noNaN: true }),
    blank: fc.double({ min: 0, max: 0.6, noNaN: true }),
    dirtiesMibPerSecond: fc.integer({ min: 0, max: 200 }),
    linkMibPerSecond: fc.integer({ min: 12, max: 100 }),
    unsteady: fc.double({ min: 0, max: 0.1, noNaN: true }),
    lookMs: fc.constantFrom(10, 20, 60),
    armingMs: fc.integer({ min: 0, max: 300 }),
  });
  const bounds = fc.record({
    bytes: fc.oneof(
      fc.double({ min: 1.1, max: 6, noNaN: true }).map((times) => ({ kind: 'times' as const, times })),
      fc.integer({ min: 1, max: 1000 }).map((mib) => ({ kind: 'size' as const, bytes: mib * MIB })),
    ),
    durationMs: fc.integer({ min: 1_000, max: 60_000 }),
    end: fc.constantFrom('stop' as const, 'post-copy' as const),
  });
  fc.assert(
    fc.property(guests, bounds, fc.integer(), (guest, bound, seed) => {
      const end = run('bounded', guest, bound, seed);
      if (end.kind === 'still copying') return false;
      // It may be called off, when even what it is sure to send would not fit; a stop is always within the bound.
      if (end.kind === 'called off') return end.bytes <= end.limitBytes + guest.linkMibPerSecond * MIB * 0.2;
      return end.bytes <= end.limitBytes && end.ms <= end.limitMs;
    }),
    { numRuns: 150 },
  );
  // Where there is room for all of the memory twice it is never called off.
  fc.assert(
    fc.property(guests, fc.integer(), (guest, seed) => {
      const ms = (2 * guest.memoryMib * 1000 * 1.5) / guest.linkMibPerSecond + 4_000;
      return run('bounded', guest, { durationMs: ms }, seed).kind === 'stopped';
    }),
    { numRuns: 100 },
  );
});

t.test(
  'hybrid: post-copy after so many passes, so much time, or when a pass leaves no less than the one before',
  async (t) => {
    t.match(run('hybrid', FAST), { kind: 'post-copy', why: /^a pass left .*, and the one before .*$/ });
    const slow = { ...FAST, hot: 0.5, dirtiesMibPerSecond: 30 };
    const after = (passes: number, durationMs: number) =>
      simulate(
        { ...slow, random: series(1) },
        strategyFor({ strategy: 'hybrid', ...DEFAULT_SETTINGS, postCopyAfter: { passes, durationMs } }),
        300_000,
      );
    t.match(after(1, 60_000), { kind: 'post-copy', why: 'pass 1 is over' });
    t.match(after(1000, 2_000), { kind: 'post-copy', why: '2 s of copying are over' });
    t.match(run('hybrid', { ...FAST, hot: 0.02, dirtiesMibPerSecond: 1 }), { kind: 'stopped' }, 'most need none');
  },
);

t.test('stop-and-copy: all but the first moment goes while the guest stands still', async (t) => {
  const end = run('stop-and-copy', FAST);
  t.match(end, { kind: 'stopped' });
  t.ok(end.bytes < 1.15 * FAST.memoryMib * MIB, `${end.bytes}`);
  t.ok(end.pauseMs > 0.85 * ((FAST.memoryMib / FAST.linkMibPerSecond) * 1000), `${end.pauseMs}`);
});
