import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const bashScripts = ['lib/provision/provision.sh', 'lib/guest/build.sh', 'lib/guest/debian/build.sh', '.ci/run'];
const shScripts = ['lib/provision/setup.sh'];
const cgi = readdirSync(`${root}lib/guest/www/cgi-bin`).map((name) => `lib/guest/www/cgi-bin/${name}`);
/** Run as `sh machine-init.sh`. */
const initScripts = ['lib/lab/machine-init.sh'];
const allScripts = readdirSync(`${root}lib`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.sh'))
  .map((name) => `lib/${name}`);
/**
 * Sent to hosts by the code that they lie beside, which names the shell; their first line tells shellcheck the same.
 */
const sent = allScripts.flatMap((name) => {
  const shell = /^# shellcheck shell=(\w+)\n/.exec(readFileSync(`${root}${name}`, 'utf8'))?.[1];
  return shell === undefined ? [] : [{ name, shell }];
});
const sentScripts = sent.map(({ name }) => name);
const guestScripts = ['lib/guest/init', 'lib/guest/query.sh', 'lib/guest/debian/customize.sh', ...cgi];

/** Runs a program to its end; stdout and stderr as text. */
function run(command: string, args: readonly string[]) {
  return spawnSync(command, args, { cwd: root, encoding: 'utf8' });
}

/** True where the program can be started at all. */
function has(command: string): boolean {
  return run(command, ['--version']).error === undefined;
}

t.test('every script parses in the shell that runs it', async (t) => {
  for (const script of bashScripts) t.equal(run('bash', ['-n', script]).stderr, '', script);
  for (const { name, shell } of sent) t.equal(run(shell, ['-n', name]).stderr, '', name);
  for (const script of [...shScripts, ...initScripts, ...guestScripts])
    t.equal(run('sh', ['-n', script]).stderr, '', script);
});

t.test('every script is of one kind or another, and the guards are among those that are sent', async (t) => {
  const known = [...bashScripts, ...shScripts, ...initScripts, ...sentScripts, ...guestScripts];
  t.strictSame(
    allScripts.filter((name) => !known.includes(name)),
    [],
  );
  for (const guard of ['lib/compute/libvirt/migrate-guard.sh', 'lib/network/ovs/redirect-guard.sh'])
    t.ok(sentScripts.includes(guard), guard);
});

t.test('scripts that are started by name are executable', async (t) => {
  for (const script of [...bashScripts, ...shScripts, 'lib/guest/init', ...cgi]) {
    t.doesNotThrow(() => accessSync(`${root}${script}`, constants.X_OK), script);
  }
});

t.test('shellcheck finds nothing', { skip: !has('shellcheck') && 'shellcheck is not installed' }, async (t) => {
  const onMachines = run('shellcheck', [
    '-x',
    '-P',
    'SCRIPTDIR',
    ...bashScripts,
    ...shScripts,
    ...initScripts,
    ...sentScripts,
  ]);
  t.equal(onMachines.stdout, '');
  // Busybox's shell is dash with `local`, `read -t` and EPOCHREALTIME; shellcheck of Debian 12 does not know it by
  // name. SC2094: a pipeline that names a file beside its log (`$log.pid`) is no loop.
  const inGuest = run('shellcheck', ['-s', 'dash', '-e', 'SC1091,SC2094,SC3028,SC3043,SC3045', ...guestScripts]);
  t.equal(inGuest.stdout, '');
});

/** What a CGI script reads as the parameter `rate` when it is asked with that query string. */
function rateOf(queryString: string) {
  const script =
    'httpd() { echo "$2"; }; . lib/guest/query.sh; ' + `rate=$(param rate 16 0-9); respond '200 OK'; echo "$rate"`;
  return spawnSync('sh', ['-c', script], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, QUERY_STRING: queryString },
  });
}

t.test('a query is read by name, with a default', async (t) => {
  t.match(rateOf('size=1&rate=20').stdout, /^Status: 200 OK\r\n[\s\S]*\r\n\r\n20\n$/);
  t.match(rateOf('size=1').stdout, /\r\n\r\n16\n$/);
});

t.test('a value with other characters than allowed is refused, and nothing after it runs', async (t) => {
  const { stdout } = rateOf('rate=1;reboot');
  t.match(stdout, /^Status: 400 Bad Request\r\n/);
  t.match(stdout, /rate: '1;reboot' may only have the characters 0-9/);
  t.notMatch(stdout, /200 OK/);
});
