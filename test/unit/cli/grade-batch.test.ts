import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { eventually } from '../../lab/eventually.js';
import { rubricIn, STATIC_RUBRIC } from '../grade/sample.js';
import { SAMPLE } from '../topology/sample.js';

const PROGRAM = fileURLToPath(new URL('./batch-program.js', import.meta.url));

const WRONG_VNI = SAMPLE.replace('5001', '5009');
const WRONG_MTU = SAMPLE.replace('mtu: 1450', 'mtu: 1400');

/** A rubric and a directory of submissions beside it. */
function classroom(t: Test, files: Readonly<Record<string, string>>, rubric = STATIC_RUBRIC) {
  const directory = t.testdir({ handed: files });
  const handed = join(directory, 'handed');
  const args = ['grade', '--batch', handed, '--rubric', rubricIn(directory, { rubric })];
  return { directory, handed, args };
}

/** As users start it. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return execa(process.execPath, [PROGRAM, ...args], { reject: false, stdin: 'ignore', timeout: 120_000, env });
}

async function grade(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { exitCode, stdout, stderr } = await start(args, env);
  return { exitCode, stdout, stderr };
}

t.setTimeout(580_000);

t.test('a class with everything that is handed in somewhere: all are graded, none harms another', async (t) => {
  const { directory, handed, args } = classroom(t, {
    'ann.yaml': SAMPLE,
    'bob.yml': WRONG_VNI,
    'carol.yaml': 'hosts: [',
    'dave.yaml': '',
    'erin.yaml': '#'.repeat(2 ** 21),
    'readme.txt': 'hello',
  });
  execFileSync('mkfifo', [join(handed, 'fay.yaml')]);
  symlinkSync(join(directory, 'reference.yaml'), join(handed, 'gus.yaml'));
  for (const [student, files] of Object.entries({ hal: ['a.yaml'], ida: ['a.yaml', 'b.yaml'], '=jo': ['x.yml'] })) {
    mkdirSync(join(handed, student));
    for (const file of files) writeFileSync(join(handed, student, file), WRONG_MTU);
  }
  const { exitCode, stdout, stderr } = await grade(['--json', ...args]);
  t.equal(exitCode, 0, stderr);
  const batch = JSON.parse(stdout);
  t.match(batch, { ok: true, rubric: 'exercise', maxScore: 4, notGraded: [], ignored: ['readme.txt'] });
  const scores = batch.students.map(({ student, score }: { student: string; score: number }) => `${student} ${score}`);
  t.strictSame(scores, ['=jo 3', 'ann 4', 'bob 1', 'carol 0', 'dave 0', 'erin 0', 'fay 0', 'gus 0', 'hal 3', 'ida 0']);
  t.match(batch.students[1], {
    student: 'ann',
    status: 'graded',
    stderr: '',
    checks: [{ name: 'vnis', score: 2 }, {}, {}],
  });
  t.ok(batch.students[1].peakMemoryBytes > 2 ** 20 && batch.students[1].durationMs > 0);
  t.match(batch.checks, [
    { name: 'vnis', passed: 3, failed: 7, meanScore: 0.6 },
    {},
    { name: 'mtu', passed: 1, failed: 2 },
  ]);
  t.match(stderr, /^10 students, \d+ at a time\n/);
  t.match(stderr, /\[10\/10] /);
  t.match(stderr, /\] bob {2}1\/4 {2}\d/);
  t.notMatch(stdout, 'HIDDEN-HINT');
});

t.test('every form, and reports for each: students see nothing of what is not for them', async (t) => {
  const { directory, args } = classroom(t, { 'ann.yaml': WRONG_MTU, '=cmd.yaml': WRONG_VNI });
  const results = join(directory, 'reports');
  const csv = await grade([...args, '--format', 'csv', '--results', results]);
  t.match(
    csv.stdout,
    /^"student","score","maxScore","ungraded","status","vnis","web","mtu","note"\r\n"'=cmd",1,4,0,"graded",0,1,0,""\r\n"ann",3,/,
  );
  t.strictSame(readdirSync(results), ['=cmd.json', '=cmd.txt', 'ann.json', 'ann.txt']);
  const own = readFileSync(join(results, 'ann.json'), 'utf8');
  t.match(JSON.parse(own), { student: 'ann', score: 3, maxScore: 3, checks: [{ name: 'vnis' }, { name: 'web' }] });
  t.notMatch(own, /HIDDEN-HINT|mtu|1400/);
  const text = readFileSync(join(results, 'ann.txt'), 'utf8');
  t.notMatch(text, /HIDDEN-HINT|mtu|1400/);
  t.match(text, /3 of 3 points/);
  const file = join(directory, 'class.json');
  t.match(await grade([...args, '--format', 'json', '--output', file, '--reveal']), { exitCode: 0, stdout: '' });
  t.match(readFileSync(file, 'utf8'), 'HIDDEN-HINT');
  const revealed = join(directory, 'revealed');
  await grade([...args, '--results', revealed, '--reveal']);
  t.match(JSON.parse(readFileSync(join(revealed, 'ann.json'), 'utf8')).checks[2], { hint: 'HIDDEN-HINT' });
  const gradescope = join(directory, 'gradescope');
  const summary = await grade([...args, '--format', 'gradescope', '--results', gradescope]);
  t.match(summary.stdout, /STUDENT.*ann +3 +4 .*CHECK +PASSED.*vnis +1 +1 .*median 2 of 4/s);
  t.match(JSON.parse(readFileSync(join(gradescope, 'ann', 'results.json'), 'utf8')).tests[2], {
    visibility: 'after_published',
  });
});

t.test('below --min-score: 4 where anybody is', async (t) => {
  const { handed, args } = classroom(t, { 'ann.yaml': SAMPLE, 'bob.yaml': WRONG_VNI });
  // The variables are the batch's own: to each student's process they would be a contradiction.
  const env = { VXMIG_GRADE_BATCH: handed, VXMIG_GRADE_MIN_SCORE: '50%', VXMIG_GRADE_JOBS: '1' };
  t.match(await grade([args[0] ?? '', ...args.slice(3)], env), {
    exitCode: 4,
    stderr: /Fewer than 2 of 4 points: bob\./,
  });
});

t.test('what is wrong with the question is told before anything is graded', async (t) => {
  const { directory, handed, args } = classroom(t, { 'ann.yaml': SAMPLE });
  const [command = '', , , ...rubric] = args;
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[command, ...rubric], /neither a file nor --batch/],
    [[...args, join(handed, 'ann.yaml')], /a file and --batch were given/],
    [[command, join(handed, 'ann.yaml'), ...rubric, '--jobs', '2'], /--jobs is for --batch/],
    [[...args, '--format', 'gradescope'], /needs --results/],
    [[...args, '--results', join(handed, 'reports')], /would be taken for a submission/],
    [[...args, '--results', join(handed, 'ann.yaml')], /cannot make/],
    [[...args, '--output', join(directory, 'none', 'x')], /cannot write/],
    [[...args, '--jobs', '0'], /--jobs/],
    [[command, '--batch', join(directory, 'none'), ...rubric], /no such directory/],
  ];
  for (const [argv, message] of cases) {
    const { exitCode, stdout, stderr } = await grade(argv);
    t.match({ exitCode, stdout, stderr }, { exitCode: 3, stdout: '', stderr: message }, argv.slice(-2).join(' '));
    t.notMatch(stderr, 'at a time');
  }
  const bad = classroom(t, { 'ann.yaml': SAMPLE }, STATIC_RUBRIC.replace('points: 2', 'points: two'));
  t.match(await grade(bad.args), { exitCode: 3, stderr: /rubric.yaml:6:18: `points` of check vnis/ });
});

t.test(
  'a process that somebody kills: no zero; the others are graded, and 1 says that something is missing',
  async (t) => {
    const { handed, args } = classroom(t, { 'ann.yaml': SAMPLE, 'slow.yaml': SAMPLE, 'zoe.yaml': WRONG_VNI });
    const batch = start(['--json', ...args, '--jobs', '1']);
    process.kill(await pidOf(handed), 'SIGKILL');
    const { exitCode, stdout } = await batch;
    t.equal(exitCode, 1);
    t.match(JSON.parse(stdout), {
      ok: false,
      error: { code: 'GRADING_FAILED', message: /: slow$/ },
      students: [
        { student: 'ann', score: 4, status: 'graded' },
        { student: 'slow', score: 0, ungradedScore: 4, status: 'error', peakMemoryBytes: null },
        { student: 'zoe', score: 1 },
      ],
    });
  },
);

t.test('interrupted: 130, with what has been graded so far', async (t) => {
  const { directory, handed, args } = classroom(t, { 'ann.yaml': SAMPLE, 'slow.yaml': SAMPLE, 'zoe.yaml': SAMPLE });
  const results = join(directory, 'reports');
  const batch = start(['--json', ...args, '--jobs', '1', '--results', results]);
  const pid = await pidOf(handed);
  batch.kill('SIGINT');
  const { exitCode, stdout } = await batch;
  t.equal(exitCode, 130);
  t.match(JSON.parse(stdout), {
    ok: false,
    error: { code: 'INTERRUPTED' },
    students: [{ student: 'ann', score: 4 }],
    notGraded: ['slow', 'zoe'],
  });
  t.strictSame(readdirSync(results), ['ann.json', 'ann.txt']);
  t.notOk(existsSync(`/proc/${pid}`));
});

t.test('interrupted: a CSV tells of everybody, of whom nothing is known too', async (t) => {
  const { handed, args } = classroom(t, { 'ann.yaml': SAMPLE, 'slow.yaml': SAMPLE });
  const batch = start([...args, '--jobs', '1', '--format', 'csv']);
  await pidOf(handed);
  batch.kill('SIGINT');
  const { exitCode, stdout } = await batch;
  t.equal(exitCode, 130);
  t.match(
    stdout,
    /\r\n"ann",4,4,0,"graded",2,1,1,""\r\n"slow","\?",4,4,"interrupted","\?","\?","\?","not graded: the batch was interrupted"$/,
  );
});

t.test('a name makes no line of its own: not in progress, the table, a note, CSV or an error', async (t) => {
  const forged = 'eve\n[9 of 9] zoe  4\nzoe          4   4     –  graded  1 s\n"zoe",4,4,0,"graded",2,1,1,""\u001b[2J';
  const { args } = classroom(t, { [`${forged}.yaml`]: 'hosts: [', [`${forged}.pdf`]: '', 'ann.yaml': WRONG_VNI });
  const runs = [
    ['--min-score', '4', '--verbose'],
    ['--format', 'csv'],
    ['--format', 'junit'],
  ];
  for (const options of runs) {
    const { stdout, stderr } = await grade([...args, ...options]);
    t.match(stdout + stderr, 'eve\\u000a[9 of 9]');
    t.notOk((stdout + stderr).includes('\u001b'));
    for (const line of `${stdout}\n${stderr}`.split(/\r?\n/)) t.notMatch(line, /^\s*(?:\[9 of 9]|"?zoe)/);
  }
});

t.test('the batch is killed: what it has started does not go on without it', async (t) => {
  const { handed, args } = classroom(t, { 'slow.yaml': SAMPLE });
  const batch = start(args);
  const pid = await pidOf(handed);
  batch.kill('SIGKILL');
  await batch;
  await eventually('the process has ended itself', async () => !existsSync(`/proc/${pid}`));
  t.pass('it has ended itself');
});

t.test('two batches of one class at the same time', async (t) => {
  const { args } = classroom(t, { 'ann.yaml': SAMPLE, 'bob.yaml': WRONG_VNI });
  const [one, two] = await Promise.all([grade([...args, '--format', 'csv']), grade([...args, '--format', 'csv'])]);
  t.match(one, { exitCode: 0, stdout: /"ann",4,/ });
  t.equal(one.stdout, two.stdout);
});

/** Of the process that grades `slow.yaml`, when that waits. */
async function pidOf(handed: string): Promise<number> {
  const file = join(handed, 'slow.yaml.pid');
  await eventually('slow.yaml is being graded', async () => existsSync(file) && readFileSync(file, 'utf8') !== '');
  return Number(readFileSync(file, 'utf8'));
}
