import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { inAscii } from '../../../lib/bundle/bundle.js';
import { makeProgram } from '../../../lib/bundle/program.js';
import { formatRun } from '../../../lib/report/run-format.js';
import { RUN } from '../report/run-fixture.js';
import { ROOT, type VxmigRun } from './run-vxmig.js';

const BUILD = fileURLToPath(new URL('../../../', import.meta.url));
const TOPOLOGY = 'topologies/two-subnets.yaml';

/** The package as it is installed, with a `dist` that holds what the test puts there. */
function packageIn(directory: string): string {
  mkdirSync(`${directory}/bin`);
  mkdirSync(`${directory}/dist/bin`, { recursive: true });
  for (const file of ['bin/vxmig', 'bin/package.json', 'package.json'])
    copyFileSync(ROOT + file, `${directory}/${file}`);
  for (const name of ['lib', 'topologies', 'node_modules']) symlinkSync(ROOT + name, `${directory}/${name}`);
  return directory;
}

function withPlain(directory: string): string {
  symlinkSync(`${BUILD}lib`, `${directory}/dist/lib`);
  return directory;
}

/** Which labs there are may change between two commands: that both tell of them must do. */
function withoutLabs({ stdout, ...others }: VxmigRun): VxmigRun {
  const told = /"hint": "(?:Labs here: [a-z0-9, -]+\.|No lab is up; `vxmig lab up FILE` builds one\.)"/;
  return { stdout: stdout.replace(told, '"hint": "(the labs)"'), ...others };
}

function run(directory: string, argv: readonly string[]): Promise<VxmigRun> {
  const { PATH = '', HOME = '' } = process.env;
  return new Promise((resolve, reject) => {
    execFile(`${directory}/bin/vxmig`, argv, { cwd: ROOT, env: { PATH, HOME } }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ status: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

/**
 * What V8 says of kept code that it was given: `false` where it took it, `undefined` where it was given none. In a
 * process of its own, for it may crash.
 */
function rejected(directory: string): Promise<string> {
  const script = `const { load } = require('${directory}/bin/vxmig');
    console.log(load('${directory}/dist/bin/vxmig.cjs').script.cachedDataRejected);`;
  return new Promise((resolve) => {
    execFile(process.execPath, ['--eval', script], (error, stdout) => resolve(error?.signal ?? stdout.trim()));
  });
}

const built = packageIn(t.testdir());
await makeProgram(`${built}/dist/bin`);

t.test('the bundle alone does what the compiled files alone do', async (t) => {
  const plain = withPlain(packageIn(t.testdir()));
  t.notOk(existsSync(`${built}/dist/lib`));
  const lines = [
    ['--version'],
    ['--help'],
    ['migrate', '--help', '--json'],
    ['validate', TOPOLOGY],
    ['validate', 'none.yaml', '--json'],
    ['validate', 'package.json'],
    ['graph', TOPOLOGY],
    ['graph', TOPOLOGY, '--format', 'dot'],
    ['schema'],
    ['completion', 'bash'],
    ['__complete', '--', 'migrate', TOPOLOGY, ''],
    ['plna'],
    ['plan', 'none.yaml'],
    ['lab', 'status', 'nobodys-lab', '--json'],
    ['report', 'nobodys-run'],
  ];
  for (const argv of lines) {
    const [fromBundle, fromFiles] = await Promise.all([run(built, argv), run(plain, argv)]);
    t.strictSame(withoutLabs(fromBundle), withoutLabs(fromFiles), argv.join(' '));
    t.notMatch(fromBundle.stderr, 'bug:');
    if (argv[0] === 'lab') t.match(withoutLabs(fromBundle).stdout, '(the labs)');
  }
});

t.test('text that is not ASCII comes out as it was written, wherever it stands', async (t) => {
  const plain = withPlain(packageIn(t.testdir()));
  const file = join(plain, 'run.json');
  writeFileSync(file, formatRun({ ...RUN, topology: 'büro' }));
  const [fromBundle, fromFiles] = await Promise.all([run(built, ['report', file]), run(plain, ['report', file])]);
  t.strictSame(fromBundle, fromFiles);
  t.match(fromBundle, { status: 0, stdout: /<title>web: host-a → host-b – vxmig<.title>/ });
  t.match(fromBundle.stdout, '· büro ·');
  t.notMatch(fromBundle.stdout, /[ÂâÃ]/);
  t.notMatch(readFileSync(`${built}/dist/bin/vxmig.cjs`, 'latin1'), /[^\0-\x7f]/);
});

t.test('what cannot be escaped without a change ends the build', async (t) => {
  const text = 'const a = tag`–`, b = "\u00b7";';
  t.equal(runInNewContext(`const tag = ([part]) => part; ${inAscii(text)} a + b`), '–·');
  t.throws(() => inAscii('String.raw`a – b`'), /not ASCII/);
});

t.test('files that it reads at run time are found from where it lies', async (t) => {
  const text = readFileSync(`${built}/dist/bin/vxmig.cjs`, 'utf8');
  t.notMatch(text, 'import.meta');
  const urls = [...text.matchAll(/new URL\("([^"]+)", __fileUrl\("([^"]+)"\)\)/g)];
  t.ok(urls.length >= 5, `${urls.length} of them`);
  t.equal(urls.length, [...text.matchAll(/__fileUrl\(/g)].length, 'and none is read in another way');
  for (const [, path = '', file = ''] of urls) t.ok(existsSync(new URL(path, `file://${BUILD}lib/${file}`)), path);
});

t.test('and they are in the package that npm makes', async (t) => {
  const text = readFileSync(`${built}/dist/bin/vxmig.cjs`, 'utf8');
  const read = [...text.matchAll(/new URL\("([^"]+)", __fileUrl\("([^"]+)"\)\)/g)]
    .map(([, path = '', file = '']) => fileURLToPath(new URL(path, `file://${ROOT}dist/lib/${file}`)))
    .filter((file) => !file.endsWith('.js'))
    .map((file) => relative(ROOT, file));
  const listed = await new Promise<string>((resolve, reject) => {
    const argv = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    execFile('npm', argv, { cwd: ROOT }, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });
  const [{ files }] = JSON.parse(listed) as [{ readonly files: readonly { readonly path: string }[] }];
  const packed = new Set(files.map(({ path }) => path));
  t.ok(read.includes('lib/compute/libvirt/migrate-guard.sh'), read.join(', '));
  t.strictSame(
    read.filter((file) => !packed.has(file)),
    [],
  );
});

t.test('who connects to a host does not wait for Node to load HTTP and TLS', async (t) => {
  const tell = `process.on('exit', () => console.error(process.moduleLoadList.join('\\n')))`;
  // Nobody listens on TCP's port 1.
  const refused = `version: 1
name: refused
underlay: {left: {cidr: 127.0.0.0/24}}
hosts: {host-a: {underlay: left, address: 127.0.0.10, ssh: {address: 127.0.0.1, port: 1}}}
networks: {blue: {vni: 5001, cidr: 10.9.0.0/24}}
`;
  const directory = t.testdir({ 'tell.cjs': tell, 'refused.yaml': refused });
  const { stdout, stderr } = await new Promise<VxmigRun>((resolve) => {
    const argv = ['--require', `${directory}/tell.cjs`, `${built}/bin/vxmig`, 'status', `${directory}/refused.yaml`];
    execFile(process.execPath, argv, { cwd: ROOT }, (error, stdout, stderr) => {
      resolve({ status: Number(error?.code ?? 0), stdout, stderr });
    });
  });
  t.match(stdout, /ECONNREFUSED 127\.0\.0\.1:1/, 'it has tried');
  t.match(stderr, /^NativeModule net$/m);
  t.notMatch(stderr, /^NativeModule (?:_http_\w+|https?|tls)$/m);
});

t.test('without either it says what to do', async (t) => {
  t.match(await run(packageIn(t.testdir()), ['--version']), { status: 1, stderr: /npm run setup/ });
});

t.test('a bundle that is older than what the compiler has made is not run', async (t) => {
  const directory = withPlain(packageIn(t.testdir()));
  const bundle = `${directory}/dist/bin/vxmig.cjs`;
  writeFileSync(bundle, '// a bundle\nexports.run = async () => 42;\n');
  t.equal((await run(directory, ['--version'])).status, 42, 'an installed package has no .tsbuildinfo');
  writeFileSync(`${directory}/dist/.tsbuildinfo`, '');
  utimesSync(bundle, 1_000, 1_000);
  t.equal((await run(directory, ['--version'])).status, 0);
  utimesSync(`${directory}/dist/.tsbuildinfo`, 1_000, 1_000);
  t.equal((await run(directory, ['--version'])).status, 42);
});

t.test('kept code is used where it is of this bundle and whole, and else the bundle runs without', async (t) => {
  const directory = packageIn(t.testdir());
  const [bundle, code] = [`${directory}/dist/bin/vxmig.cjs`, `${directory}/dist/bin/vxmig.cjs.code`];
  copyFileSync(`${built}/dist/bin/vxmig.cjs`, bundle);
  const kept = readFileSync(`${built}/dist/bin/vxmig.cjs.code`);
  const damaged = Buffer.from(kept);
  damaged.fill(0x5a, 200_000, 200_400);
  writeFileSync(code, kept);
  t.equal(await rejected(directory), 'false');
  for (const [what, bytes] of [
    ['damaged', damaged],
    ['cut short', kept.subarray(0, 300_000)],
    ['empty', Buffer.alloc(0)],
  ] as const) {
    writeFileSync(code, bytes);
    t.equal(await rejected(directory), 'undefined', what);
    t.match(await run(directory, ['validate', TOPOLOGY]), { status: 0, stderr: '' }, what);
  }
  writeFileSync(code, kept);
  // As long as it was, so that V8 itself would not notice.
  const text = readFileSync(bundle, 'latin1');
  const [id = ''] = text.split('\n');
  writeFileSync(
    bundle,
    text.replace(
      id,
      id.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    ),
  );
  t.equal(await rejected(directory), 'undefined', "another bundle's");
});
