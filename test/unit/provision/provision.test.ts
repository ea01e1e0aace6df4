import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

const script = fileURLToPath(new URL('../../../../lib/provision/provision.sh', import.meta.url));
const packages = readFileSync(new URL('../../../../lib/provision/packages.txt', import.meta.url), 'utf8');
const changers = ['apt-get', 'systemctl', 'sysctl'];

interface Machine {
  readonly id: string;
  readonly version: string;
  /** What dpkg-query says of every package; null: not installed. */
  readonly installedVersion: string | null;
}

const bookworm: Machine = { id: 'debian', version: '12', installedVersion: null };

/** Runs provision.sh on an invented machine: os-release, dpkg-query and everything that could change one are given. */
function provision(t: Test, machine: Machine, args: readonly string[]) {
  const directory = t.testdir({
    'os-release': `ID=${machine.id}\nVERSION_ID="${machine.version}"\nVERSION_CODENAME=any\n`,
    bin: {},
  });
  const stub = (name: string, body: string) =>
    writeFileSync(`${directory}/bin/${name}`, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  stub('id', 'echo 0');
  stub(
    'dpkg-query',
    machine.installedVersion === null
      ? 'exit 1'
      : `case "$*" in *Status-Status*) echo installed ;; *) echo '${machine.installedVersion}' ;; esac`,
  );
  for (const name of changers) stub(name, `: >"$0.called"`);
  const { stdout, stderr, status } = spawnSync('bash', [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${directory}/bin:${process.env.PATH}`, VXMIG_OS_RELEASE: `${directory}/os-release` },
  });
  const called = changers.filter((name) => existsSync(`${directory}/bin/${name}.called`));
  return { stdout, stderr, status, called };
}

/** The packages of a role, as packages.txt has them. */
function packagesOf(role: string): string[] {
  return packages
    .split('\n')
    .filter((line) => !line.startsWith('#') && line.includes('|'))
    .map((line) => line.split('|').map((part) => part.trim()))
    .filter(([roles]) => roles?.split(',').includes(role))
    .map(([, name]) => name?.replace(/^(virt|maybe) /, '') ?? '');
}

for (const role of ['lab', 'host', 'router', 'checks']) {
  t.test(`a dry run of ${role} names every package with its reason, and changes nothing`, async (t) => {
    const result = provision(t, bookworm, ['--dry-run', role]);
    t.equal(result.status, 0, result.stderr);
    for (const name of packagesOf(role)) t.match(result.stdout, new RegExp(`needs ${name}: \\S`), name);
    t.strictSame(result.called, []);
  });
}

t.test('where all packages are there, nothing is called', async (t) => {
  const result = provision(t, { ...bookworm, installedVersion: '1:11.3' }, ['lab']);
  t.equal(result.status, 0, result.stderr);
  t.match(result.stdout, /nothing to install/);
  t.strictSame(result.called, []);
});

t.test("Debian 12's own QEMU and libvirt count as missing; backports are added for them alone", async (t) => {
  const { stdout } = provision(t, { ...bookworm, installedVersion: '1:7.2' }, ['--dry-run', 'lab']);
  t.match(stdout, /needs qemu-system-x86/);
  t.notMatch(stdout, /needs tcpdump/);
  t.match(stdout, /installing qemu-system-x86 .*from bookworm-backports/);
});

t.test('Debian 13 needs no backports', async (t) => {
  const { stdout } = provision(t, { ...bookworm, version: '13' }, ['--dry-run', 'lab']);
  t.match(stdout, /installing .*qemu-system-x86/);
  t.notMatch(stdout, /backports/);
});

t.test('Ubuntu 24.04 is warned of its QEMU', async (t) => {
  const { stderr, status } = provision(t, { id: 'ubuntu', version: '24.04', installedVersion: null }, [
    '--dry-run',
    'lab',
  ]);
  t.equal(status, 0);
  t.match(stderr, /QEMU 8\.2/);
});

t.test('another release is refused with the list of those that work', async (t) => {
  const { stderr, status } = provision(t, { id: 'fedora', version: '41', installedVersion: null }, [
    '--dry-run',
    'lab',
  ]);
  t.equal(status, 2);
  t.match(stderr, /fedora 41 is not supported: Debian 12, Debian 13 and Ubuntu 24\.04 are/);
});

t.test('a wrong command line is status 3 and says what there is', async (t) => {
  for (const args of [[], ['kitchen']]) {
    const { stderr, status } = provision(t, bookworm, args);
    t.equal(status, 3);
    t.match(stderr, /lab\|host\|router\|checks/);
  }
});
