import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { LibvirtError } from '../../lib/compute/libvirt/protocol/connection.js';
import { Libvirt } from '../../lib/compute/libvirt/protocol/domains.js';

const run = promisify(execFile);
/** libvirt's own driver for tests: it comes with a domain "test" that runs. */
const URI = 'test:///default';
const NOBODY = 65_534;
const START_TIMEOUT_MS = 20_000;

const OTHER = `<domain type="test">
  <name>a name with blanks &amp; ü</name><memory>65536</memory><os><type>hvm</type></os>
</domain>`;

function whyNot(): string | false {
  if (spawnSync('libvirtd', ['--version']).error !== undefined) return 'libvirtd is not installed';
  return spawnSync('virsh', ['--version']).error === undefined ? false : 'virsh is not installed';
}

/** A daemon as users without rights have it: everything that it makes is under the directory. */
async function startDaemon(t: Test): Promise<{ socket: string; stop(): Promise<void> }> {
  // A socket's path may have 107 characters.
  const directory = mkdtempSync(join(tmpdir(), 'vxmig-libvirt-'));
  const environment = { ...process.env, HOME: directory, XDG_RUNTIME_DIR: directory, XDG_CACHE_HOME: directory };
  const root = process.getuid?.() === 0;
  if (root) chownSync(directory, NOBODY, NOBODY);
  const identity = root ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];
  const daemon = spawn('setpriv', [...identity, '--pdeathsig', 'KILL', '--', 'libvirtd'], {
    cwd: '/',
    env: { ...environment, XDG_CONFIG_HOME: directory },
    stdio: 'ignore',
  });
  const gone = once(daemon, 'exit');
  const stop = async () => {
    daemon.kill('SIGKILL');
    await gone;
    rmSync(directory, { recursive: true, force: true });
  };
  t.teardown(stop);
  const socket = `${directory}/libvirt/libvirt-sock`;
  const deadline = Date.now() + START_TIMEOUT_MS;
  // The socket is there before anybody listens.
  while (
    !(await streamTo(socket).then(
      (stream) => stream.destroy(),
      () => null,
    ))
  ) {
    if (Date.now() > deadline) throw new Error(`libvirtd does not listen on ${socket} within ${START_TIMEOUT_MS} ms`);
    await sleep(20);
  }
  return { socket, stop };
}

async function streamTo(socket: string): Promise<Socket> {
  const stream = connect(socket);
  await once(stream, 'connect');
  return stream;
}

async function open(socket: string, uri: string): Promise<Libvirt> {
  return await Libvirt.open(await streamTo(socket), uri);
}

t.test('a real libvirtd', { skip: whyNot() }, async (t) => {
  const { socket, stop } = await startDaemon(t);
  const virsh = async (...argv: string[]) =>
    (await run('virsh', ['-q', '-c', `test+unix:///default?socket=${socket}`, ...argv])).stdout;
  const libvirt = await open(socket, URI);
  t.teardown(() => libvirt.close());

  await t.test('domains, their states and definitions are those that virsh tells', async (t) => {
    const [test, ...others] = await libvirt.domains();
    t.match(test, { name: 'test', state: 'running' });
    t.equal(test?.xml.trim(), (await virsh('dumpxml', '--inactive', 'test')).trim());
    t.strictSame(others, []);
    t.match(test, { persistent: true, autostart: false, saved: false, reason: '' });
    t.equal(test?.live?.trim(), (await virsh('dumpxml', 'test')).trim());
    await virsh('suspend', 'test');
    t.match(await libvirt.domain('test'), { state: 'paused', reason: 'user', pausedByMigration: false });
    await virsh('autostart', 'test');
    t.equal((await libvirt.domain('test'))?.autostart, true);
    const file = t.testdir({ 'other.xml': OTHER, 'transient.xml': OTHER.replace(/<name>[^<]*/, '<name>transient') });
    await virsh('define', `${file}/other.xml`);
    t.strictSame((await libvirt.domains()).map(({ name, state }) => `${name}: ${state}`).sort(), [
      'a name with blanks & ü: shut off',
      'test: paused',
    ]);
    t.match(await libvirt.domain('a name with blanks & ü'), {
      state: 'shut off',
      xml: /^<domain type='test'>/,
      live: null,
    });
    await virsh('resume', 'test');
    await virsh('create', `${file}/transient.xml`);
    t.match(await libvirt.domain('transient'), { persistent: false });
    await virsh('destroy', 'transient');
    await virsh('managedsave', 'test');
    // The driver for tests has no such thing, and its daemon says what it was asked for.
    await t.rejects(libvirt.domain('test'), { name: 'LibvirtError', message: /virDomainManagedSaveGetXMLDesc/ });
    await virsh('start', 'test');
  });

  await t.test('a domain that is not there', async (t) => {
    t.equal(await libvirt.domain('nobody'), null);
  });

  await t.test('a hypervisor that the daemon does not know', async (t) => {
    await t.rejects(open(socket, 'nothing:///'), LibvirtError);
  });

  await t.test('a daemon that dies', async (t) => {
    await stop();
    await t.rejects(libvirt.domains(), LibvirtError);
  });
});
