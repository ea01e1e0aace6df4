import t from 'tap';
import { parseTapRoom, type TapRoom } from '../../../lib/measure/tap-room.js';
import { WaitingRoom } from '../../../lib/migration/waiting-room.js';
import type { StopStep } from '../../../lib/strategies/strategy.js';
import { partsOf, runOf } from './run.js';

const STOP: StopStep = {
  kind: 'stop',
  downtimeMs: 60_000,
  hurriedDowntimeMs: 60_000,
  expectedMs: 5_000,
  atMostMs: 10_000,
  why: '',
  isLast: true,
};

/** Whose tap has got so many frames by its second look, and what its destination was told. */
function roomOf(frames: number, fails = false) {
  const done: string[] = [];
  const tap = { device: 'tap-web', holds: 1_000 };
  let looks = 0;
  const source = partsOf('host-a', {
    path: {
      tapRoom: async (): Promise<TapRoom[]> => {
        looks += 1;
        return [{ ...tap, frames: looks === 1 ? 7 : 7 + frames }];
      },
    },
  });
  const destination = partsOf('host-b', {
    path: {
      tapRoom: async () => [{ ...tap, frames: 0 }],
      setTapRoom: async (device, holds) => {
        if (fails) throw new Error('no such device');
        done.push(`${device} ${holds > 1_000 ? 'more' : holds}`);
      },
    },
  });
  const { run, warnings } = runOf({ hosts: [source, destination, partsOf('host-c')] });
  return { room: new WaitingRoom(run), done, warnings };
}

t.test('a long pause of a guest with traffic: its tap holds more, and afterwards as much as before', async (t) => {
  const { room, done, warnings } = roomOf(1_000);
  room.begin();
  await room.make(STOP);
  await room.putBack();
  await room.putBack();
  t.same(done, ['tap-web more', 'tap-web 1000']);
  t.match(warnings().join(' '), /^$|some \d+ frames come for tap-web/);
});

t.test('short pauses, quiet guests, and those that fetch their memory need no more', async (t) => {
  for (const [frames, finish] of [
    [1_000, { ...STOP, atMostMs: 300 }],
    [0, STOP],
    [1_000, { kind: 'post-copy', why: '', isLast: false }],
  ] as const) {
    const { room, done } = roomOf(frames);
    room.begin();
    await room.make(finish);
    await room.putBack();
    t.same(done, []);
  }
});

t.test('where it cannot be done that is said, and the migration goes on', async (t) => {
  const { room, warnings } = roomOf(1_000, true);
  room.begin();
  await room.make(STOP);
  t.match(warnings().join(' '), /host-b: tap-web could not be made to hold \d+ frames: no such device/);
});

t.test('what the kernel tells of taps', async (t) => {
  t.same(parseTapRoom('tap-a 1000 12\n\ntap-b 500 0\n'), [
    { device: 'tap-a', holds: 1_000, frames: 12 },
    { device: 'tap-b', holds: 500, frames: 0 },
  ]);
});
