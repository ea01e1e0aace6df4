import t from 'tap';
import { World } from './world.js';
import { checkWorld } from './world-check.js';

t.test(
  'a bound is told with what was used of it, and what cannot be kept is called off before anything stands still',
  async (t) => {
    const kept = await new World().migrate({ strategy: 'bounded' });
    t.match(kept.result, {
      ok: true,
      ending: { kind: 'stop', why: 'what a pass left fits the downtime that is allowed', predictedDowntimeMs: Number },
      bound: {
        bytes: Math.floor(2 * 134217728 * 1.01),
        usedBytes: null,
        durationMs: 60_000,
        usedMs: Number,
        kept: true,
      },
    });
    const world = new World();
    const bound = { bytes: { kind: 'size', bytes: 1 }, durationMs: 60_000, end: 'stop' } as const;
    const { result } = await world.migrate({ strategy: 'bounded', bound });
    t.match(result, {
      outcome: 'rolled-back',
      error: {
        message: /^web was not moved by bounded: .* would not fit the bound of 1 B and 60 s/,
        hint: /more room/,
      },
    });
    t.notOk(world.done.includes('source arm'), 'its frames went to it all the while');
    checkWorld(t, world, result, 'called off');
  },
);

t.test('a pause that may be long has room for the frames that come, and afterwards the tap is as it was', async (t) => {
  const world = new World({ framesPerLook: 100 });
  const { result } = await world.migrate({ strategy: 'stop-and-copy' });
  t.equal(result.outcome, 'migrated');
  t.equal(world.done.filter((what) => what === 'destination setTapRoom').length, 2);
  t.same([...world.room], [['host-b', 1_000]]);
});
