import fc from 'fast-check';
import t from 'tap';
import { BEFORE, downtimeMs, next, type SwitchEvent, Switchover } from '../../../lib/migration/switchover.js';

const told = (...events: readonly SwitchEvent[]) => events.reduce(next, BEFORE);
const BEGAN: SwitchEvent = { kind: 'copy began', atMs: 100 };
const STOPPED: SwitchEvent = { kind: 'stopped', atMs: 200 };
const RESUMED: SwitchEvent = { kind: 'resumed', where: 'destination', atMs: 230 };
const BACK: SwitchEvent = { kind: 'resumed', where: 'source', atMs: 260 };
const POST_COPY: SwitchEvent = { kind: 'post-copy began', atMs: 190 };

t.test('a switch as it should be', async (t) => {
  t.equal(told(BEGAN).phase, 'copying');
  t.match(told(BEGAN, STOPPED), { phase: 'paused', stoppedAtMs: 200, tornSinceMs: null });
  const arrived = told(BEGAN, STOPPED, RESUMED);
  t.match(arrived, { phase: 'arrived', resumedAtMs: 230, tornSinceMs: 230 });
  t.equal(downtimeMs(arrived), 30);
});

t.test('a guest that is let run again at the source goes on being copied', async (t) => {
  const back = told(BEGAN, STOPPED, BACK);
  t.match(back, { phase: 'copying', stoppedAtMs: 200, resumedAtMs: null, tornSinceMs: null });
  t.equal(downtimeMs(back), null);
});

t.test('its memory is torn from the word on that it may be', async (t) => {
  t.match(told(BEGAN, POST_COPY), { phase: 'copying', tornSinceMs: 190 });
  t.match(told(BEGAN, POST_COPY, STOPPED, RESUMED), { phase: 'arrived', tornSinceMs: 190 });
});

t.test('whatever the order of events of two hosts: once it has arrived it stays', async () => {
  const others = fc.shuffledSubarray([BEGAN, STOPPED, BACK, POST_COPY], { minLength: 0 });
  fc.assert(
    fc.property(others, others, (before, after) => {
      const state = told(...before, RESUMED, ...after);
      if (state.phase !== 'arrived' || state.resumedAtMs !== 230 || state.tornSinceMs === null)
        throw new Error(JSON.stringify(state));
    }),
  );
});

t.test('who waits hears of it at once; who waits in vain is told', async (t) => {
  const switchover = new Switchover();
  const paused = switchover.until(({ phase }) => phase === 'paused', 60_000);
  switchover.apply(BEGAN);
  switchover.apply(STOPPED);
  t.equal(await paused, true);
  t.equal(await switchover.until(({ phase }) => phase === 'arrived', 1), false);
  const called = new AbortController();
  const interrupted = switchover.until(({ phase }) => phase === 'arrived', 60_000, called.signal);
  called.abort(new Error('interrupted'));
  await t.rejects(interrupted, /interrupted/);
  switchover.apply(RESUMED);
  await switchover.arrived;
});
