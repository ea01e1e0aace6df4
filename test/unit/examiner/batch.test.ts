import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type BatchOptions, gradeBatch } from '../../../lib/examiner/batch.js';
import type { Submission } from '../../../lib/examiner/student-files.js';
import { gradeOfNothing } from '../../../lib/grade/grade-topology.js';
import type { StudentGrade } from '../../../lib/model/batch-grade.js';
import { eventually } from '../../lab/eventually.js';
import { checkNamed, rubricOf } from '../grade/sample.js';

const RUBRIC = rubricOf(checkNamed('one', { pointsHundredths: 250 }), checkNamed('two', { needs: ['one'] }));

/** What the program prints of a student who has lost all points. */
const GRADE = gradeOfNothing(RUBRIC, { submission: 'a.yaml', note: '' });
const PRINT = `process.stdout.write(${JSON.stringify(JSON.stringify(GRADE))});`;

t.setTimeout(120_000);

const handedIn = (student: string): Submission => ({ student, path: `${student}.yaml`, kind: 'file' });

interface Class {
  /** What Node runs for each student. */
  readonly scripts: Readonly<Record<string, string>>;
  readonly limits?: Partial<BatchOptions['limits']>;
  readonly jobs?: number;
  readonly onGraded?: (grade: StudentGrade) => Promise<void>;
}

async function graded({ scripts, limits, jobs = 3, onGraded = async () => undefined }: Class) {
  const tidied: string[] = [];
  const batch = await gradeBatch(
    RUBRIC,
    { submissions: Object.keys(scripts).map(handedIn), ignored: [] },
    {
      jobs,
      run: (path) => ({
        argv: [process.execPath, '--max-old-space-size=32', '--eval', scripts[path.replace('.yaml', '')] ?? ''],
        tidy: async () => void tidied.push(path),
      }),
      limits: { timeMs: 3_600_000, stopMs: 3_600_000, signal: new AbortController().signal, ...limits },
      onGraded,
    },
  );
  return { ...batch, tidied };
}

t.test('whatever becomes of one student’s process is that student’s error, no zero, and no other’s', async (t) => {
  const batch = await graded({
    scripts: {
      crash: 'console.error("a last word"); process.abort();',
      empty: '',
      flood: 'const s = "x".repeat(2**20); (function f() { process.stdout.write(s, f) })();',
      garbage: 'console.log("{"); process.exit(1)',
      good: PRINT,
      killed: 'process.kill(process.pid, "SIGKILL")',
      memory: 'const all = []; for (;;) all.push(new Array(2 ** 16).fill(all.length));',
      other: PRINT.replaceAll('two', 'three'),
      refused: 'console.log(JSON.stringify({ok: false, error: {message: "no such lab"}})); process.exit(1)',
    },
    jobs: 2,
  });
  t.equal(batch.ok, false);
  const told = batch.students.map(({ student, ok, ungradedScore, checks }) =>
    ok ? `${student} graded` : `${student} ${ungradedScore} open: ${checks.map(({ output }) => output)[1]}`,
  );
  const why = 'could not be carried out:';
  t.strictSame(
    told.map((line) => line.replace(/SIG(ABRT|TRAP)/, 'SIGABRT')),
    [
      `crash 3.5 open: ${why} grading was ended by SIGABRT`,
      `empty 3.5 open: ${why} grading ended with status 0, and printed no grade`,
      `flood 3.5 open: ${why} grading printed more than it can have to say, and was stopped`,
      `garbage 3.5 open: ${why} grading ended with status 1, and printed no grade`,
      'good graded',
      `killed 3.5 open: ${why} grading was ended by SIGKILL`,
      `memory 3.5 open: ${why} grading was ended by SIGABRT`,
      `other 3.5 open: ${why} the rubric has changed since the batch began`,
      `refused 3.5 open: ${why} no such lab`,
    ],
  );
  t.match(batch.students[0]?.stderr, /a last word/);
  t.equal(batch.tidied.length, 9, 'what each has left is removed');
  t.match(batch.checks[1], { name: 'two', error: 8, meanScore: 0 });
});

t.test('nothing that a process has started outlives it, and its pipes may be held by others for ever', async (t) => {
  const directory = t.testdir();
  const sleeper = (detached: boolean) =>
    "require('node:child_process').spawn('sleep', ['300'], {stdio: ['ignore', 'inherit', 'inherit'], detached: " +
    `${detached}}).pid`;
  const started = (name: string) =>
    `require('node:fs').writeFileSync(${JSON.stringify(join(directory, name))}, [process.pid, ` +
    `${sleeper(false)}, ${sleeper(true)}].join(' '));`;
  const { students } = await graded({
    scripts: {
      hang: `process.on('SIGTERM', () => {}); ${started('hang')} for (;;);`,
      leave: `${started('leave')} ${PRINT} process.exitCode = 0; setTimeout(() => process.exit(), 500);`,
    },
    limits: { timeMs: 10_000 },
  });
  t.match(students, [
    { student: 'hang', status: 'error', checks: [{ output: /longer than its time limit/ }, {}] },
    { student: 'leave', status: 'graded' },
  ]);
  for (const name of ['hang', 'leave']) {
    const [own, theirs, stranger] = readFileSync(join(directory, name), 'utf8').split(' ').map(Number);
    await eventually('the process and its own are gone', async () => !isThere(own) && !isThere(theirs));
    t.ok(isThere(stranger), 'who has a session of its own is not touched');
    if (stranger !== undefined) process.kill(stranger);
  }
});

t.test('interrupted: who is graded is told, who is not too, and no process is left', async (t) => {
  const controller = new AbortController();
  const file = JSON.stringify(join(t.testdir(), 'pid'));
  const batch = await graded({
    scripts: {
      deaf:
        `process.on('SIGTERM', () => {}); require('node:fs').writeFileSync(${file}, String(process.pid)); ` +
        'setInterval(() => {}, 1000);',
      done: `while (!require('node:fs').existsSync(${file})); ${PRINT}`,
      never: PRINT,
    },
    jobs: 2,
    limits: { signal: controller.signal, stopMs: 300 },
    onGraded: async () => controller.abort(),
  });
  t.match(batch, { ok: false, students: [{ student: 'done', ok: true }], notGraded: ['deaf', 'never'] });
  t.notOk(isThere(Number(readFileSync(JSON.parse(file), 'utf8'))));
});

t.test('what is no submission takes no process: no points for the student’s fault, no zero for ours', async (t) => {
  const { students, ok } = await gradeBatch(
    RUBRIC,
    {
      submissions: [
        { student: 'a', path: 'a.yaml', kind: 'broken', why: 'a\u001b[2J is a pipe' },
        { student: 'b', path: 'b.yaml', kind: 'unseen', why: 'it may not be read by this user' },
      ],
      ignored: [],
    },
    {
      jobs: 1,
      run: () => {
        throw new Error('it was run');
      },
      limits: { timeMs: 1000, stopMs: 0, signal: new AbortController().signal },
      onGraded: async () => undefined,
    },
  );
  t.equal(ok, false);
  t.match(students, [
    {
      ok: true,
      score: 0,
      ungradedScore: 0,
      note: 'This could not be graded: a\\u001b[2J is a pipe. Hand in one YAML file.',
    },
    { ok: false, score: 0, ungradedScore: 3.5 },
  ]);
});

t.test('a dozen at the same time is no reason for a warning', async (t) => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on('warning', listen);
  const names = Array.from({ length: 12 }, (_, index) => `s${index}`);
  const { ok } = await graded({ scripts: Object.fromEntries(names.map((name) => [name, PRINT])), jobs: 12 });
  process.off('warning', listen);
  t.equal(ok, true);
  t.strictSame(warnings, []);
});

t.test('a program that is not there is an error as others', async (t) => {
  const batch = await gradeBatch(
    RUBRIC,
    { submissions: [handedIn('a')], ignored: [] },
    {
      jobs: 1,
      run: () => ({ argv: ['/no/such/program'], tidy: async () => undefined }),
      limits: { timeMs: 1000, stopMs: 0, signal: new AbortController().signal },
      onGraded: async () => undefined,
    },
  );
  t.match(batch.students, [{ ok: false, checks: [{ output: /ENOENT/ }, {}] }]);
});

function isThere(pid: number | undefined): boolean {
  try {
    process.kill(pid ?? 0, 0);
    return true;
  } catch {
    return false;
  }
}
