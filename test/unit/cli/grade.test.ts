import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { rubricIn, STATIC_RUBRIC } from '../grade/sample.js';
import { SAMPLE } from '../topology/sample.js';
import { runVxmig } from './run-vxmig.js';

function exercise(directory: string, answer: string, rubric = STATIC_RUBRIC): string[] {
  writeFileSync(join(directory, 'answer.yaml'), answer);
  return ['grade', join(directory, 'answer.yaml'), '--rubric', rubricIn(directory, { rubric })];
}

t.test('a grade is a success whatever the score; the JSON is the contract’s', async (t) => {
  const { status, stdout, stderr } = await runVxmig([
    '--json',
    ...exercise(t.testdir(), SAMPLE.replace('5001', '5009')),
  ]);
  t.match({ status, stderr }, { status: 0, stderr: '' });
  const grade = JSON.parse(stdout);
  t.match(grade, { ok: true, score: 1, maxScore: 4 });
  const [vnis, , mtu] = grade.checks;
  t.match(vnis, { name: 'vnis', score: 0, maxScore: 2, status: 'failed', visibility: 'visible', output: /5009/ });
  t.match(mtu, { name: 'mtu', status: 'skipped', visibility: 'after_published', output: '' });
});

t.test('below --min-score: 4, and grading has worked all the same', async (t) => {
  const argv = ['--json', ...exercise(t.testdir(), SAMPLE.replace('5001', '5009'))];
  const below = await runVxmig([...argv, '--min-score', '26%']);
  t.match(below, { status: 4, stderr: /1 of 4 points are fewer than 1.04/ });
  t.match(JSON.parse(below.stdout), { ok: true, score: 1 });
  t.match(await runVxmig([...argv, '--min-score', '25%']), { status: 0 });
  t.match(await runVxmig([...argv, '--min-score', '1.01']), { status: 4 });
  t.match(await runVxmig([...argv, '--min-score', 'most']), { status: 3 });
});

t.test('a file that is no topology is a student’s mistake: graded, with its mistakes', async (t) => {
  const { status, stdout } = await runVxmig(exercise(t.testdir(), SAMPLE.replace('5001', 'x')));
  t.equal(status, 0);
  t.match(stdout, /answer.yaml:11:15: `vni` of network blue: "x" is not a VXLAN network identifier/);
  t.match(stdout, /0 of 4 points/);
});

t.test('a bad rubric and a missing file: 3, and nothing is graded', async (t) => {
  const bad = await runVxmig(exercise(t.testdir(), SAMPLE, STATIC_RUBRIC.replace('points: 2', 'points: two')));
  t.match(bad, { status: 3, stdout: '', stderr: /rubric.yaml:6:18: `points` of check vnis: "two" is not/ });
  const [command = '', , ...rest] = exercise(t.testdir(), SAMPLE);
  t.match(await runVxmig([command, 'none.yaml', ...rest]), { status: 3, stdout: '' });
  t.match(await runVxmig([command, 'none.yaml']), { status: 3, stderr: /--rubric/ });
});

t.test('hosts of the student’s that are not up are the student’s doing', async (t) => {
  const rubric = `${STATIC_RUBRIC}  reach: {reach: {from: host-b, to: web}}\n`;
  const { status, stdout } = await runVxmig(['--json', ...exercise(t.testdir(), SAMPLE, rubric), '--live']);
  t.equal(status, 0);
  const { checks, ...grade } = JSON.parse(stdout);
  t.match(grade, { ok: true, score: 4, maxScore: 5, ungradedScore: 0 });
  t.match(checks[2], { name: 'reach', status: 'failed', score: 0, output: /There is no lab / });
});

t.test('results.json is written whole, for Gradescope to hide from', async (t) => {
  const directory = t.testdir();
  const file = join(directory, 'results.json');
  const argv = exercise(directory, SAMPLE.replace('mtu: 1450', 'mtu: 1400'));
  t.match(await runVxmig([...argv, '--format', 'gradescope', '--output', file]), { status: 0, stdout: '' });
  t.match(JSON.parse(readFileSync(file, 'utf8')).tests, [
    {},
    {},
    { name: 'mtu', visibility: 'after_published', status: 'failed', output: /1400.*\nHint: HIDDEN-HINT/ },
  ]);
  t.notMatch((await runVxmig(argv)).stdout, 'HIDDEN-HINT');
  for (const format of ['table', 'csv', 'junit']) {
    const { stdout } = await runVxmig([...argv, '--format', format]);
    t.match(stdout, 'what came of it is not shown here', format);
    t.notMatch(stdout, /failed|failure message|1400/, format);
  }
  t.match(
    (await runVxmig(argv)).stdout,
    /^mtu +skipped +\?\/1 +after_published\n.*3 of 4 points. 1 of them hang on checks/ms,
  );
  t.match((await runVxmig([...argv, '--reveal'])).stdout, 'HIDDEN-HINT');
});

t.test(
  'a submission that is no file of its own gets a report with the reason, and no line of what it leads to',
  async (t) => {
    const directory = t.testdir();
    const [command = '', , ...rest] = exercise(directory, SAMPLE);
    const at = (name: string) => join(directory, name);
    execFileSync('mkfifo', [at('pipe.yaml')]);
    writeFileSync(at('secret'), 'password of-root: 1\n');
    symlinkSync('reference.yaml', at('full.yaml'));
    symlinkSync('secret', at('lines.yaml'));
    mkdirSync(at('inner'));
    writeFileSync(join(at('inner'), 'a.yaml'), SAMPLE);
    symlinkSync('inner', at('way'));
    for (const [name, why] of Object.entries({
      'pipe.yaml': 'pipe.yaml is a pipe',
      'full.yaml': 'full.yaml is a link, which is not followed',
      'lines.yaml': 'lines.yaml is a link, which is not followed',
      inner: 'inner is a directory',
    })) {
      const { status, stdout, stderr } = await runVxmig([command, at(name), ...rest]);
      t.equal(status, 0, name);
      t.match(stdout, `This could not be graded: ${why}. Hand in one YAML file.`);
      t.match(stdout, /\b0 of \d+ points/);
      t.match(stderr, /Is the path your own\? Then /);
      t.notMatch(stdout + stderr, 'of-root');
    }
    const { status, stdout } = await runVxmig([command, join(at('way'), 'a.yaml'), ...rest]);
    t.equal(status, 1, 'nobody knows whose link is on the way: nothing is given or lost');
    t.match(stdout, /way on the way to a.yaml is a link/);
  },
);
