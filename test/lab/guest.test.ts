import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type PingEvent, PingStream } from '../../lib/measure/ping-stream.js';

const image = '/var/lib/vxmig/images/micro';
const mac = '52:54:00:09:00:01';

function whySkipped(): string | false {
  if (spawnSync('qemu-system-x86_64', ['--version']).error !== undefined) return 'qemu-system-x86_64 is not installed';
  if (!existsSync(`${image}/stamp`)) return `${image} is not there: run lib/guest/build.sh`;
  return false;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address and a port');
  return address.port;
}

/**
 * Boots the guest under TCG behind QEMU's user network, on two ports of the loopback, until it says that it is ready.
 */
async function boot(t: Test) {
  const [webPort, echoPort, clockPort] = [await freePort(), await freePort(), await freePort()];
  const serial = `${t.testdir()}/serial`;
  const forward = [
    [webPort, 80],
    [echoPort, 7],
    [clockPort, 37],
  ]
    .map(([port, inside]) => `hostfwd=tcp:127.0.0.1:${port}-:${inside}`)
    .join(',');
  const nic = `vxmig.nic=${mac.toUpperCase()},1450,10.0.2.15/24,fd00:9::1/64`;
  const qemu = spawn('qemu-system-x86_64', [
    ...['-accel', 'tcg', '-m', '128', '-nodefaults', '-display', 'none', '-serial', `file:${serial}`],
    ...['-kernel', `${image}/vmlinuz`, '-initrd', `${image}/initrd.img`],
    ...['-append', `console=ttyS0 quiet vxmig.name=web ${nic}`],
    ...['-netdev', `user,id=net,${forward}`, '-device', `virtio-net-pci,netdev=net,mac=${mac}`],
  ]);
  const gone = new Promise((resolve) => qemu.once('exit', resolve));
  t.teardown(async () => {
    qemu.kill('SIGKILL');
    await gone;
  });
  const log = () => (existsSync(serial) ? readFileSync(serial, 'utf8') : '');
  while (!log().includes('vxmig guest web ready')) {
    if (qemu.exitCode !== null) throw new Error(`QEMU ended with status ${qemu.exitCode}`);
    await sleep(100);
  }
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${webPort}${path}`);
    return { status: response.status, text: await response.text() };
  };
  return { get, echoPort, clockPort, log };
}

/** What comes back from the echo port for a line. */
async function echo(port: number, line: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(line);
  let got = '';
  for await (const chunk of socket) {
    got += String(chunk);
    if (got.length >= line.length) break;
  }
  return got;
}

/** The lines of a table of sockets, as /proc/net has them. */
function socketsIn(counters: string, table: string): string[] {
  const lines = (counters.split(`== ${table}\n`)[1] ?? '').split('\n== ')[0] ?? '';
  return lines.split('\n').filter((line) => /^ *\d+: /.test(line));
}

t.test('the guest boots and offers what it says', { skip: whySkipped(), timeout: 120_000 }, async (t) => {
  const { get, echoPort, clockPort, log } = await boot(t);
  t.match(log(), `${mac} mtu 1450 10.0.2.15/24 fd00:9::1/64`);

  t.match((await get('/')).text, /^vxmig guest web\nuptimeSeconds \d+\.\d+\n/);

  const lines = Array.from({ length: 8 }, (_, number) => `line ${number}\n`);
  t.strictSame(await Promise.all(lines.map((line) => echo(echoPort, line))), lines, 'eight echoes at once');
  t.equal(await echo(echoPort, 'again\n'), 'again\n', 'and one after them');

  t.equal((await get('/cgi-bin/check')).status, 400, 'no pattern to check yet');
  const pattern = await get('/cgi-bin/pattern?size=4');
  t.match(pattern.text, /^sha256 [0-9a-f]{64}\n$/);

  t.match((await get('/cgi-bin/dirty?rate=20&size=8')).text, 'rateMiBPerSecond 20\nsizeMiB 8\n');
  let status = '';
  while (!/writtenMiB [1-9]/.test(status)) status = (await get('/cgi-bin/dirty')).text;
  t.equal((await get('/cgi-bin/dirty?rate=0')).text, 'rateMiBPerSecond 0\n');
  t.equal((await get('/cgi-bin/dirty?rate=1&size=9999')).status, 400, 'more than the guest has');

  for (const own of ['10.0.2.15', 'fd00:9::1']) {
    t.match((await get(`/cgi-bin/ping?to=${own}&from=${own}&interval=100`)).text, `started ${own}\n`);
    const stream = new PingStream();
    const events: PingEvent[] = [];
    let read = 0;
    const readOn = async () => {
      const { text } = await get(`/cgi-bin/pinglog?to=${own}&since=${read}`);
      read += text.length;
      events.push(...stream.push(text));
    };
    while (!events.some((event) => event.kind === 'reply' && event.sequence >= 3)) await readOn();
    const counters = (await get('/cgi-bin/counters')).text;
    t.equal(socketsIn(counters, 'raw').length + socketsIn(counters, 'raw6').length, 0, 'no socket that gets all ICMP');
    const sockets = socketsIn(counters, own.includes(':') ? 'icmp6' : 'icmp');
    t.equal(sockets.length, 1, 'one that gets its own replies');
    t.match(sockets[0], / 0 *$/, 'and has dropped none');
    await get(`/cgi-bin/ping?to=${own}&stop=1`);
    while (!events.some((event) => event.kind === 'statistics')) await readOn();
    t.equal(events[0]?.kind, 'started');
    const replies = events.flatMap((event) => (event.kind === 'reply' ? event.sequence : []));
    t.same(
      replies,
      replies.map((_, index) => index + 1),
      `every request to ${own} was answered`,
    );
  }
  t.equal((await get('/cgi-bin/ping?to=10.0.2.15')).status, 400, 'no address to ping from');

  const [first = 0, second = 0] = [await echo(clockPort, '?\n'), await echo(clockPort, '?\n')].map(Number);
  t.ok(first > 1e9 && second > first, `it tells the time: ${first}, ${second}`);

  const checked = await get('/cgi-bin/check');
  t.match(checked.text, /^intact\n/);
  t.ok(checked.text.includes(pattern.text.replace('sha256', 'expected')), 'the sum that the pattern had');
});
