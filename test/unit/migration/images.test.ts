import t from 'tap';
import { World } from './world.js';
import { checkWorld, failing } from './world-check.js';

t.test('an image that cannot be tidied stays, and the VM has moved', async (t) => {
  for (const [call, left] of [
    [
      'destination keep',
      [
        ['host-a', 'its'],
        ['host-b', 'arriving'],
      ],
    ],
    [
      'source remove',
      [
        ['host-a', 'its'],
        ['host-b', 'its'],
      ],
    ],
  ] as const) {
    const world = new World(failing(call));
    const { result } = await world.migrate();
    t.match(result, { outcome: 'migrated', ok: true }, call);
    t.same([...world.images], left, call);
    checkWorld(t, world, result, call);
  }
});
