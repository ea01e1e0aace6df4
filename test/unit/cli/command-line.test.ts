import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { SCHEMA_URL } from '../../../lib/topology/schema.js';
import { ROOT, runVxmig } from './run-vxmig.js';

const TOPOLOGY = 'topologies/two-subnets.yaml';

/** Everything on stdout is one JSON document. */
function document(stdout: string): {
  ok: boolean;
  error?: { code: string; message: string; hint: string; where: string; problems?: object[] };
  remarks?: object[];
} & Record<string, unknown> {
  return JSON.parse(stdout);
}

t.test('help', async (t) => {
  const root = await runVxmig(['--help']);
  t.match(root, { status: 0, stderr: '' });
  t.match(root.stdout, /validate.*lab.*plan.*apply.*migrate/s);
  t.notMatch(root.stdout, '__complete');
  const bare = await runVxmig([]);
  t.same(bare, root);
  const migrate = await runVxmig(['migrate', '--help']);
  t.match(migrate.stdout, /--to <host>.*--json.*Example:\n {2}vxmig migrate .*Next:/s);
  const json = await runVxmig(['lab', '--help', '--json']);
  t.match(document(json.stdout), { ok: true, help: /Usage: vxmig lab/ });
});

t.test('every command has an example', async (t) => {
  const { stdout } = await runVxmig(['--help']);
  const commands = [
    ...((stdout.split('Commands:')[1] ?? '').split('Begin with')[0]?.matchAll(/^ {2}([a-z]+)/gm) ?? []),
  ];
  const names = commands.map((match) => match[1] ?? '').filter((name) => name !== 'help');
  t.ok(names.length >= 10);
  await Promise.all(
    names.map(async (name) => t.match((await runVxmig([name, '--help'])).stdout, /\nExample:\n {2}.*vxmig /, name)),
  );
});

t.test('a wrong command line touches nothing and exits with 3', async (t) => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['plna', TOPOLOGY], /unknown command 'plna'/],
    [['lab'], /no command was given, of up, down, status, exec, ls/],
    [['migrate', TOPOLOGY, 'web'], /--to <host>.* not specified/],
    [['migrate', TOPOLOGY, 'web', '--to', 'host-b', '--bandwidth', '7'], /64MiB/],
    [['migrate', TOPOLOGY, 'web', '--to', 'host-b', '--timeout', 'soon'], /120s/],
    [['migrate', TOPOLOGY, 'web', '--to', 'host-b', '--strategy', 'cold'], /pre-copy/],
    [['migrate', TOPOLOGY, 'web', '--to', 'host-b', '--bound-bytes', '1x'], /from 1\.1x on/],
    [['migrate', TOPOLOGY, 'web', '--to', 'host-b', '--bound-then', 'pause'], /stop, post-copy/],
    [['watch', TOPOLOGY, '--repair=everything'], /networks, vms/],
    [['watch', TOPOLOGY, '--metrics', 'localhost'], /127\.0\.0\.1:9100/],
    [['plan', TOPOLOGY, '--host', 'host-a'], /choose from the script/],
    [['validate'], /missing required argument 'file'/],
    [['validate', TOPOLOGY, 'more'], /too many arguments/],
    [['validate', TOPOLOGY, '--nonsense'], /unknown option '--nonsense'/],
    [['bench', 'scale', '--hosts', '8,257'], /from 2 to 256/],
    [['bench', 'scale', '--plot', 'x.svg'], /unknown option '--plot'/],
    [['bench', 'scale', '--runs', 'often'], /--runs/],
    [['--quiet', '--verbose', 'schema'], /cannot be used with/],
    [['graph', TOPOLOGY, '--format', 'png'], /svg, mermaid, dot/],
    [['lab', 'exec', 'x', 'y', '--json', '--', 'true'], /--json is of no use here/],
  ];
  for (const [argv, message] of cases) {
    const [text, json] = await Promise.all([runVxmig(argv), runVxmig(['--json', ...argv])]);
    t.match(text, { status: 3, stdout: argv.includes('--json') ? /./ : '' }, argv.join(' '));
    t.match(json, { status: 3, stderr: '' });
    t.match(document(json.stdout), { ok: false, error: { code: 'USAGE', message, hint: /./ } });
  }
  t.match(
    (await runVxmig(['plna'])).stderr,
    /^error \(USAGE\): unknown command 'plna'\n {2}fix: .*Did you mean plan.*vxmig --help/,
  );
});

t.test('global options before and after the command, and as variables', async (t) => {
  const expected = { ok: true, name: 'two-subnets', remarks: [] };
  for (const argv of [
    ['--json', 'validate', TOPOLOGY],
    ['validate', '--json', TOPOLOGY],
    ['validate', TOPOLOGY, '--json'],
  ]) {
    t.match(document((await runVxmig(argv)).stdout), expected);
  }
  t.match(document((await runVxmig(['validate', TOPOLOGY], { VXMIG_JSON: '1' })).stdout), expected);
  t.equal((await runVxmig(['validate', TOPOLOGY], { VXMIG_JSON: '0' })).stdout, `${TOPOLOGY}: valid\n`);
  t.match(await runVxmig(['graph', TOPOLOGY], { VXMIG_GRAPH_FORMAT: 'dot' }), {
    status: 0,
    stdout: /^graph "two-subnets"/,
  });
  t.match(await runVxmig(['graph', TOPOLOGY, '--format', 'mermaid'], { VXMIG_GRAPH_FORMAT: 'dot' }), {
    stdout: /^(?!graph ")/,
  });
  t.match(await runVxmig(['graph', TOPOLOGY], { VXMIG_GRAPH_FORMAT: 'png' }), {
    status: 3,
    stderr: /VXMIG_GRAPH_FORMAT=png/,
  });
});

t.test('validate', async (t) => {
  t.same(await runVxmig(['validate', TOPOLOGY]), { status: 0, stdout: `${TOPOLOGY}: valid\n`, stderr: '' });
  const good = readFileSync(join(ROOT, TOPOLOGY), 'utf8');
  const directory = t.testdir({
    'bad.yaml': good.replace('host: host-a', 'host: host-z').replace('vni: 5001', 'vni: none'),
    'denied.yaml': good.replace(/^( *)migration: .*$/m, '$1acl: [{protocol: icmp, action: deny}]'),
    'remarks.yaml': good.replace(/^lab: .*$/m, '').replace('198.18.1.0/24}', '198.18.1.0/24, rate: 100mbit}'),
  });
  const bad = await runVxmig(['validate', join(directory, 'bad.yaml')]);
  t.match(bad, { status: 3, stdout: '' });
  const lines = bad.stderr.trimEnd().split('\n');
  t.equal(lines.length, 2, 'every problem at once, and nothing else');
  for (const line of lines) t.match(line, /bad\.yaml:\d+:\d+: .+ \(.+\)$/);
  const json = document((await runVxmig(['validate', join(directory, 'bad.yaml'), '--json'])).stdout);
  t.match(json, {
    ok: false,
    error: { code: 'TOPOLOGY_INVALID', where: /bad\.yaml:\d+:\d+/, problems: [{ line: Number }, { line: Number }] },
  });
  // The keys are what scripts read: they stay as they are, whatever the words are here.
  const keys = ['file', 'line', 'column', 'message', 'mend'];
  t.strictSame(
    json.error?.problems?.map((problem) => Object.keys(problem)),
    [keys, keys],
  );
  const told = document((await runVxmig(['validate', join(directory, 'remarks.yaml'), '--json'])).stdout);
  t.strictSame(
    told.remarks?.map((remark) => Object.keys(remark)),
    [keys],
  );
  const remarks = await runVxmig(['validate', join(directory, 'remarks.yaml')]);
  t.match(remarks, { status: 0, stdout: /valid\nremark: .*remarks\.yaml:\d+:\d+: `rate`/ });
  t.match(await runVxmig(['validate', join(directory, 'denied.yaml')]), {
    status: 0,
    stdout:
      /remark: .*denied\.yaml:\d+:\d+: its pings are denied: rule 1 of VM web: deny icmp from any to web, .*10\.9\.0\.252/,
  });
  const none = await runVxmig(['validate', join(directory, 'none.yaml'), '--json']);
  t.match(document(none.stdout), { ok: false, error: { code: 'NOT_FOUND', where: /none\.yaml/ } });
  t.equal(none.status, 3);
});

t.test('schema prints the published file', async (t) => {
  const file = readFileSync(SCHEMA_URL, 'utf8');
  t.equal((await runVxmig(['schema'])).stdout, file);
  t.same(JSON.parse((await runVxmig(['schema', '--json'])).stdout), JSON.parse(file));
});

t.test('graph', async (t) => {
  t.match(await runVxmig(['graph', TOPOLOGY]), { status: 0, stdout: /^<(\?xml|svg)/ });
  const directory = t.testdir({});
  const target = join(directory, 'x.mmd');
  const json = await runVxmig(['graph', TOPOLOGY, '--format', 'mermaid', '--output', target, '--json']);
  t.same(document(json.stdout), { ok: true, format: 'mermaid', file: target });
  t.equal(
    readFileSync(target, 'utf8').trimEnd(),
    (await runVxmig(['graph', TOPOLOGY, '--format', 'mermaid'])).stdout.trimEnd(),
  );
  t.match(await runVxmig(['graph', TOPOLOGY, '-o', join(directory, 'no', 'x')]), { status: 3, stderr: /cannot write/ });
});

t.test('report without runs', async (t) => {
  const env = { XDG_STATE_HOME: t.testdir({}) };
  t.match(await runVxmig(['report'], env), { status: 0, stdout: /No run is kept in/ });
  t.same(document((await runVxmig(['report', '--json'], env)).stdout), { ok: true, runs: [] });
  t.match(await runVxmig(['report', 'latest'], env), { status: 3, stderr: /NOT_FOUND/ });
});

t.test('a log file gets what happened, as JSON lines', async (t) => {
  const file = join(t.testdir({}), 'vxmig.log');
  await runVxmig(['validate', 'none.yaml', '--log', file]);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  t.match(JSON.parse(lines.at(-1) ?? ''), {
    level: 'debug',
    message: /there is no such file/,
    timestamp: /Z$/,
    run: /^\d{8}T\d{6}\.\d{3}Z-\d+$/,
    event: { kind: 'detail', text: /there is no such file/ },
  });
});

t.test('a disk that is full ends the log, and not the command', async (t) => {
  const { status, stderr } = await runVxmig(['validate', 'none.yaml', '--log', '/dev/full']);
  t.equal(status, 3, 'its own mistake counts');
  t.match(stderr, /NOT_FOUND/);
  t.match(stderr, /^warn: the log \/dev\/full is not complete: ENOSPC/m);
  t.equal(stderr.split('is not complete').length, 2, 'it is told once');
});

t.test('a reader that goes away is no error', async (t) => {
  const child = spawn(
    'bash',
    [
      '-c',
      'set -o pipefail; "$0" "$@" schema | true; echo "$PIPESTATUS"',
      process.execPath,
      '--input-type=module',
      '--eval',
      script(),
      '--',
    ],
    { cwd: ROOT },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  await once(child, 'close');
  t.same({ stdout, stderr }, { stdout: '0\n', stderr: '' });
});

/** Writes more than a pipe holds, and only after its reader has ended. */
function script(): string {
  const main = new URL('../../../lib/cli/main.js', import.meta.url).href;
  return (
    `const { run } = await import(${JSON.stringify(main)}); await new Promise((done) => setTimeout(done, 200)); ` +
    'process.exitCode = await run(process.argv.slice(1));'
  );
}
