import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';

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

/** Boots the guest under TCG behind QEMU's user network, on two ports of the loopback, until it says that it is ready. */
async function boot(t: Test) {
  const [webPort, echoPort] = [await freePort(), await freePort()];
  const serial = `${t.testdir()}/serial`;
  const forward = `hostfwd=tcp:127.0.0.1:${webPort}-:80,hostfwd=tcp:127.0.0.1:${echoPort}-:7`;
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
  return { get, echoPort, log };
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

t.test('the guest boots and offers what it says', { skip: whySkipped(), timeout: 120_000 }, async (t) => {
  const { get, echoPort, log } = await boot(t);
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

  t.match((await get('/cgi-bin/ping?to=fd00:9::1&interval=0.1')).text, 'started fd00:9::1\n');
  let pings = '';
  while (!/seq=2 /.test(pings)) pings = (await get('/cgi-bin/pinglog?to=fd00:9::1')).text;
  await get('/cgi-bin/ping?to=fd00:9::1&count=0');

  const checked = await get('/cgi-bin/check');
  t.match(checked.text, /^intact\n/);
  t.ok(checked.text.includes(pattern.text.replace('sha256', 'expected')), 'the sum that the pattern had');
});
