import t from 'tap';
import { EventBus } from '../../../lib/events/event-bus.js';
import { runId } from '../../../lib/events/run-id.js';
import { keepJournal } from '../../../lib/events/run-journal.js';
import type { Envelope, VxmigEvent } from '../../../lib/model/event.js';

const note = (text: string): VxmigEvent => ({ kind: 'note', text });

/** A subscriber that keeps what it gets. */
function listener(name = 'the test') {
  const got: Envelope[] = [];
  return {
    got,
    texts: () => got.map(({ event }) => ('text' in event ? event.text : event.kind)),
    subscriber: { name, receive: (envelope: Envelope) => void got.push(envelope) },
  };
}

t.test('an event is delivered at once, with its time and run, to all in their order', async (t) => {
  let nowMs = 1_000;
  const bus = new EventBus(() => nowMs);
  const [first, second] = [listener(), listener()];
  bus.subscribe(first.subscriber);
  bus.subscribe(second.subscriber);
  const emit = bus.forRun('r1');
  emit(note('a'));
  t.same(first.got, [{ at: 1_000, run: 'r1', event: note('a') }]);
  nowMs = 2_000;
  bus.publish(note('b'), null);
  t.same(second.got, [
    { at: 1_000, run: 'r1', event: note('a') },
    { at: 2_000, run: null, event: note('b') },
  ]);
});

t.test('who comes late gets what comes then; who has gone gets nothing more', async (t) => {
  const bus = new EventBus();
  const late = listener();
  bus.publish(note('before'), null);
  const leave = bus.subscribe(late.subscriber);
  bus.publish(note('during'), null);
  leave();
  leave();
  bus.publish(note('after'), null);
  t.same(late.texts(), ['during']);
});

t.test('who goes, or comes, while an event is delivered', async (t) => {
  const bus = new EventBus();
  const [gone, come] = [listener(), listener()];
  const leave: (() => void)[] = [];
  bus.subscribe({
    name: 'the door',
    receive: ({ event }) => {
      if (event.kind !== 'note' || event.text !== 'a') return;
      leave[0]?.();
      bus.subscribe(come.subscriber);
    },
  });
  leave.push(bus.subscribe(gone.subscriber));
  bus.publish(note('a'), null);
  bus.publish(note('b'), null);
  t.same(gone.texts(), []);
  t.same(come.texts(), ['b']);
});

t.test('one that throws stops nobody, and is told of once', async (t) => {
  const bus = new EventBus();
  const after = listener();
  let tried = 0;
  bus.subscribe({
    name: 'the page',
    receive: () => {
      tried += 1;
      throw new Error('it is full');
    },
  });
  bus.subscribe(after.subscriber);
  for (const text of ['a', 'b', 'c']) bus.publish(note(text), 'r1');
  t.same(after.texts(), ['a', 'the page has missed events: it is full', 'b', 'c']);
  t.match(after.got[1], { run: null, event: { kind: 'warning' } });
  t.equal(tried, 4, 'it may get over it');
});

t.test('what a subscriber tells comes after what it was told, for everybody', async (t) => {
  const bus = new EventBus();
  const after = listener();
  bus.subscribe({
    name: 'the echo',
    receive: ({ event, run }) => {
      if (event.kind === 'note') bus.publish({ kind: 'detail', text: `echo of ${event.text}` }, run);
    },
  });
  bus.subscribe(after.subscriber);
  bus.publish(note('a'), 'r1');
  bus.publish(note('b'), 'r1');
  t.same(after.texts(), ['a', 'echo of a', 'b', 'echo of b']);
});

t.test('a run’s record has what belongs to it, in the order in which it happened', async (t) => {
  const bus = new EventBus(() => 5_000);
  const [web, db] = [bus.forRun('web'), bus.forRun('db')];
  web({ kind: 'stage-started', vm: 'web', stage: 'check' });
  const journal = keepJournal(bus, 'web');
  const seen = { vm: 'web', host: 'host-b' } as const;
  web({ kind: 'stage-started', vm: 'web', stage: 'copy' });
  db({ kind: 'stage-started', vm: 'db', stage: 'copy' });
  web({ ...seen, kind: 'table-moved', observedAtMs: 5_030, mac: 'M', place: 'host-b' });
  web({ ...seen, kind: 'table-moved', observedAtMs: 5_040, mac: 'M', place: null });
  web({ ...seen, kind: 'guest-resumed', observedAtMs: 5_020 });
  web({ ...seen, kind: 'guest-paused', host: 'host-a', observedAtMs: 5_010 });
  web({ ...seen, kind: 'observed', host: null, observedAtMs: 4_000, text: 'seen' });
  web({ kind: 'warning', vm: 'web', text: 'beware' });
  bus.publish({ kind: 'warning', text: 'of nobody' }, null);
  web({ kind: 'note', text: 'only for who looks on' });
  web({ kind: 'stage-finished', vm: 'web', stage: 'copy', durationMs: 5, error: null });
  web({ kind: 'stage-finished', vm: 'web', stage: 'verify', durationMs: 5, error: 'no answer' });
  journal.close();
  web({ kind: 'warning', vm: 'web', text: 'too late' });
  t.same(journal.events(), [
    { atMs: 4_000, host: null, text: 'seen' },
    { atMs: 5_000, host: null, text: 'copy: begins' },
    { atMs: 5_000, host: null, text: 'beware' },
    { atMs: 5_000, host: null, text: 'copy: done' },
    { atMs: 5_000, host: null, text: 'verify: failed: no answer' },
    { atMs: 5_010, host: 'host-a', text: 'QEMU paused the guest' },
    { atMs: 5_020, host: 'host-b', text: 'QEMU runs the guest' },
    { atMs: 5_030, host: 'host-b', text: 'M is at host-b' },
    { atMs: 5_040, host: 'host-b', text: 'M is forgotten' },
  ]);
});

t.test('a run’s name sorts by time', async (t) => {
  t.equal(runId(Date.parse('2026-11-21T03:00:00.000Z'), 'two-subnets', 'web'), '20261121T030000.000Z-two-subnets-web');
});
