import t from 'tap';
import { parseQemuEvent, qemuEventsArgv } from '../../../lib/measure/qemu-events.js';

t.test('events with and without data', (t) => {
  const migration = parseQemuEvent(
    `event MIGRATION at 1700000000.023456 for domain 'web': {"status":"pre-switchover"}`,
  );
  t.match(migration, { event: 'MIGRATION', domain: 'web', data: { status: 'pre-switchover' } });
  t.equal(migration?.atMs.toFixed(3), '1700000000023.456');
  const stop = parseQemuEvent("event STOP at 1700000000.000007 for domain 'web': <null>\n");
  t.match(stop, { event: 'STOP', domain: 'web', data: {} });
  t.equal(stop?.atMs.toFixed(3), '1700000000000.007');
  t.end();
});

t.test('whatever else virsh prints is no event', (t) => {
  for (const line of [
    '',
    'events received: 7',
    'event loop interrupted',
    "2025-01-01 00:00:00.000+0000: event STOP for domain 'web': ",
  ]) {
    t.equal(parseQemuEvent(line), null, line);
  }
  t.match(parseQemuEvent("event X at 1.000000 for domain 'web': {oops"), { event: 'X', data: {} });
  t.end();
});

t.test("the command keeps QEMU's own time stamps, one line per event", (t) => {
  t.notMatch(qemuEventsArgv(null).join(' '), /--timestamp|--pretty|--domain/);
  t.match(qemuEventsArgv('web').join(' '), '--loop --domain web');
  t.end();
});
