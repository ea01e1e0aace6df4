import t from 'tap';
import { LookTimer } from '../../../lib/controller/look-timer.js';

const never = new AbortController().signal;

t.test('the first look is due at once, the next when it is asked for, or its time has come', async (t) => {
  const timer = new LookTimer();
  t.equal(await timer.due(never), true);
  timer.begun(3_600_000);
  const waiting = timer.due(never);
  timer.within(1);
  t.equal(await waiting, false, 'it was woken, and asks again');
  while (!(await timer.due(never)));
  timer.begun(3_600_000);
  timer.reset();
  t.equal(await timer.due(never), true);
});

t.test('what is to be later than what is due changes nothing', async (t) => {
  const timer = new LookTimer();
  timer.begun(5);
  timer.within(3_600_000);
  while (!(await timer.due(never)));
  t.pass('it did not wait for an hour');
});

t.test('the signal ends the wait and leaves no listener', async (t) => {
  const timer = new LookTimer();
  const abort = new AbortController();
  timer.begun(3_600_000);
  const waiting = timer.due(abort.signal);
  abort.abort();
  t.equal(await waiting, false);
});
