import t from 'tap';
import { HostObserver } from '../../../lib/controller/host-observer.js';
import type { PingEvent } from '../../../lib/measure/ping-stream.js';
import { probePortName } from '../../../lib/model/names.js';
import { ScriptedShell } from './scripted-shell.js';

const PORT = probePortName('plans', 'blue', 'host-c');
const PING = { network: 'blue', address: '10.9.0.1', intervalMs: 10 };
const GUEST = { ...PING, guestAddress: '10.9.0.9' };
const ok = (body: string) => `HTTP/1.0 200 OK\r\nContent-type: text/plain\r\n\r\n${body}`;
const reply = (sequence: number) =>
  `[1700000000.${sequence}00000] 10.9.0.1 : [${sequence}], 64 bytes, 0.5 ms (0.5 avg, 0% loss)`;

function observer() {
  const shell = new ScriptedShell('host-c').on(/cgi-bin\/ping\?/, ok(''));
  return { shell, observer: new HostObserver(shell, 'plans') };
}

t.test('pings leave the host by its own port in the network, and are told as they come', async (t) => {
  const { shell, observer: it } = observer();
  const events: PingEvent[] = [];
  const following = await it.followPing(PING, (event) => events.push(event));
  const [line = '', command] = [...shell.followed][0] ?? [];
  t.match(line, new RegExp(`^ip netns exec ${PORT} .*fping.* 10\\.9\\.0\\.1$`));
  command?.emit('line', '[1700000000.000000] started');
  command?.emit('line', reply(0));
  t.match(events, [
    { kind: 'started', atMs: 1_700_000_000_000 },
    { kind: 'reply', sequence: 1 },
  ]);
  await following.stop();
  t.ok(command?.isStopped);
});

t.test('what fping says of its end comes on the other channel, and is heard as well', async (t) => {
  const { shell, observer: it } = observer();
  const events: PingEvent[] = [];
  await it.followPing(PING, (event) => events.push(event));
  const [command] = [...shell.followed.values()];
  command?.emit('errorLine', '      12 ICMP Echos sent');
  t.match(events, [{ kind: 'statistics', transmitted: 12 }]);
});

t.test('a guest pings for several at once, and stops when the last of them has left', async (t) => {
  const { shell, observer: it } = observer();
  const first = await it.guestPing(GUEST);
  const second = await it.guestPing(GUEST);
  const asked = (what: string) => shell.ran(new RegExp(`/cgi-bin/ping\\?.*${what}`)).length;
  t.equal(asked('from='), 1, 'it is told once');
  t.match(
    shell.asked[0],
    new RegExp(`^ip netns exec ${PORT} bash .* 10\\.9\\.0\\.9 /cgi-bin/ping\\?to=10\\.9\\.0\\.1&from=`),
  );
  await first.stop();
  t.equal(asked('stop=1'), 0);
  await second.stop();
  t.equal(asked('stop=1'), 1);
  await it.guestPing(GUEST);
  t.equal(asked('from='), 2, 'who comes later begins anew');
  await it.guestPing({ ...GUEST, address: '10.9.0.3' });
  t.equal(asked('from='), 3, 'another way is another ping');
});

t.test('a guest that could not be told to ping is told the next time', async (t) => {
  const { shell, observer: it } = observer();
  shell.on(/cgi-bin\/ping\?/, 'HTTP/1.0 500 Oops\r\n\r\nno fping');
  await t.rejects(it.guestPing(GUEST), { message: 'the guest at 10.9.0.9 answered: HTTP/1.0 500 Oops no fping' });
  shell.on(/cgi-bin\/ping\?/, ok(''));
  await it.guestPing(GUEST);
  t.equal(shell.ran(/from=/).length, 2);
});

t.test('each reads on from where it was, also in the middle of a line', async (t) => {
  const { shell, observer: it } = observer();
  const log = `[1700000000.000000] started\n${reply(0)}\n${reply(1)}\n`;
  let length = log.length - 20;
  shell.on(/cgi-bin\/pinglog\?/, (line) => ok(log.slice(Number(/since=(\d+)/.exec(line)?.[1]), length)));
  const ping = await it.guestPing(GUEST);
  const kinds = async () => (await ping.read()).map((event) => ('sequence' in event ? event.sequence : event.kind));
  t.strictSame(await kinds(), ['started', 1]);
  t.strictSame(await kinds(), []);
  length = log.length;
  t.strictSame(await kinds(), [2]);
  const other = await it.guestPing(GUEST);
  t.equal((await other.read()).length, 3, 'who begins to read later has all of it');
});
