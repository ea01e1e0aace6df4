import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { prepareHostEdit } from '../../../lib/cli/commands/host-edit.js';
import { SAMPLE } from '../topology/sample.js';
import { ROOT, runVxmig } from './run-vxmig.js';

const TO_B = { vm: 'web', host: 'host-b' };

t.test('the edit is tried before and done afterwards, and nothing is left beside the file', async (t) => {
  const directory = t.testdir({ real: { 'x.yaml': SAMPLE } });
  const file = join(directory, 'link.yaml');
  symlinkSync('real/x.yaml', file);
  chmodSync(join(directory, 'real/x.yaml'), 0o640);
  const edit = await prepareHostEdit(file, SAMPLE, TO_B);
  t.equal(readFileSync(file, 'utf8'), SAMPLE, 'nothing is written before the move');
  t.same(readdirSync(join(directory, 'real')), ['x.yaml']);
  await edit.write();
  t.equal(readFileSync(join(directory, 'real/x.yaml'), 'utf8'), SAMPLE.replace('host: host-a', 'host: host-b'));
  t.equal(statSync(join(directory, 'real/x.yaml')).mode & 0o777, 0o640);
  t.same(readdirSync(directory).sort(), ['link.yaml', 'real'], 'the link is still one');
  t.same(readdirSync(join(directory, 'real')), ['x.yaml']);
});

t.test('a file that changes while the VM moves stays as it is, which is no mistake of the input', async (t) => {
  const file = join(t.testdir({ 'x.yaml': SAMPLE }), 'x.yaml');
  const edit = await prepareHostEdit(file, SAMPLE, TO_B);
  writeFileSync(file, `# mine\n${SAMPLE}`);
  await t.rejects(edit.write(), {
    code: 'NOT_WRITTEN',
    message: /is as before: somebody has changed it meanwhile/,
    hint: /web runs on host-b now: write `host: host-b`/,
  });
  t.equal(readFileSync(file, 'utf8'), `# mine\n${SAMPLE}`);
});

t.test('what is no file, and a directory that takes none, are refused before', async (t) => {
  await t.rejects(prepareHostEdit('/dev/null', SAMPLE, TO_B), { code: 'USAGE', message: /it is no file/ });
  const directory = t.testdir({ 'x.yaml': SAMPLE });
  const file = join(directory, 'x.yaml');
  // Where a directory stands in the way of the draft, root cannot make it either.
  mkdirSync(join(directory, `.x.yaml.${process.pid}.draft`));
  await t.rejects(prepareHostEdit(file, SAMPLE, TO_B), { code: 'USAGE', message: /--write cannot change .*x\.yaml: / });
});

t.test('migrate --write refuses before it looks for the hosts', async (t) => {
  const text = readFileSync(join(ROOT, 'topologies/two-subnets.yaml'), 'utf8').replace(/^lab: .*$/m, '');
  const shared = text
    .replace('host: host-a', 'host: &home host-a')
    .replace(
      /^probes:/m,
      '  db: {host: *home, image: micro, nics: [{network: blue, mac: "52:54:00:09:00:99"}]}\nprobes:',
    );
  const file = join(t.testdir({ 'x.yaml': shared }), 'x.yaml');
  const run = await runVxmig(['migrate', file, 'web', '--to', 'host-b', '--write']);
  t.equal(run.status, 3);
  t.match(run.stderr, /x\.yaml:\d+:\d+: --write cannot change the file: .*anchor/);
});

t.test('a file that cannot be written is told before the work', async (t) => {
  const directory = t.testdir({});
  const nowhere = join(directory, 'no', 'x');
  for (const [option, ...argv] of [
    ['--output', 'graph', 'topologies/two-subnets.yaml', '--output', nowhere],
    ['--output', 'report', 'latest', '--output', nowhere],
    ['--output', 'report', 'latest', '--output', directory],
    ['--plot', 'bench', '--plot', nowhere],
    ['--log', 'doctor', 'topologies/two-subnets.yaml', '--log', nowhere],
    ['--output', 'grade', 'topologies/two-subnets.yaml', '--rubric', 'none.yaml', '--output', nowhere],
  ] as const) {
    const { status, stderr } = await runVxmig(argv, { XDG_STATE_HOME: directory });
    t.equal(status, 3, argv.join(' '));
    t.match(stderr, new RegExp(`error \\(USAGE\\): cannot write .*\n  mend: Give ${option} a file`), argv.join(' '));
  }
  t.same(readdirSync(directory), []);
});
