import t from 'tap';
import { parseTrace, type Trace, troubleOf } from '../../../lib/openflow/trace.js';
import * as recorded from './recorded-traces.js';

function read(text: string): Trace {
  const trace = parseTrace(text);
  if (trace === null) throw new Error('it is no trace');
  return trace;
}

function to(ofport: number, remote: string | null = null) {
  return { ofport, remote };
}

t.test('where a frame leaves', (t) => {
  t.match(read(recorded.TO_TUNNEL), { outputs: [to(1)], unclear: [], complaints: [], unresolved: false });
  t.match(read(recorded.TO_TAP), { outputs: [to(201)], datapathActions: '1' });
  for (const text of [recorded.TO_TUNNEL, recorded.TO_TAP]) t.equal(troubleOf(read(text)), null);
  t.end();
});

t.test('another bridge on the way is passed over, and what comes after it is not', (t) => {
  const trace = read(recorded.SEVERAL);
  t.same(trace.outputs, [to(1), to(2), to(65534)], 'not the port it came from');
  t.same(trace.complaints, ['skipping output to input port']);
  t.match(trace.lastFlow, /^30\. dl_dst=52:54:00:99:00:01, priority 300/, 'not the other bridge’s');
  t.equal(troubleOf(trace), null);
  t.end();
});

t.test('back by the port it came in', (t) => {
  t.same(read(recorded.BACK).outputs, [to(401)]);
  t.end();
});

t.test('by a port that leads to many: to whom', (t) => {
  t.same(read(recorded.TURNED).outputs, [to(1, '198.18.2.10')], 'what the table knows');
  t.same(read(recorded.AIMED).outputs, [to(201), to(1, '198.18.2.10'), to(1, '2001:db8::2')], 'each its own');
  t.end();
});

t.test('what does not leave says why', (t) => {
  const trouble = (text: string) => troubleOf(read(text));
  t.equal(
    trouble(recorded.SPLIT_HORIZON),
    'it is dropped by the flow 70. reg0=0x3/0x7, priority 200, cookie 0x7678000100000000',
  );
  t.match(trouble(recorded.DROPPED), 'it is dropped by the flow 30. dl_dst=52:54:00:99:00:01, priority 300');
  t.match(trouble(recorded.UNKNOWN_PORT), 'it is dropped by the flow 0. No match.');
  t.match(trouble(recorded.NO_SUCH_PORT), /^Nonexistent output port by the flow 30\./);
  t.match(trouble(recorded.NORMAL), /^it is given to NORMAL/);
  t.end();
});

t.test('a tunnel whose next hop is not known', (t) => {
  const trace = read(recorded.FROM_A_TABLE);
  t.match(trace, { outputs: [to(1)], unresolved: true, datapathActions: 'drop' });
  t.match(troubleOf(trace), 'next hop');
  t.end();
});

t.test('what is no trace', (t) => {
  t.equal(parseTrace('nobr: unknown bridge\novs-appctl: ovs-vswitchd: server returned an error\n'), null);
  t.equal(parseTrace(''), null);
  t.end();
});
