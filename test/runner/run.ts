import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { type FileOutcome, tallyParser } from './tally.js';
import { FILE_TIMEOUT_SECONDS } from './timeout.js';

/**
 * `node dist/test/runner/run.js [--coverage] [GROUP… | FILE…]`: runs the compiled tests with tap, group by group, and
 * ends with the line `N passed, N failed, N skipped`, which CI reads. Status 1 where a test failed or none ran.
 */
const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));
const BUILD = fileURLToPath(new URL('../../', import.meta.url));
const TAP = fileURLToPath(new URL('../../../node_modules/tap/dist/esm/run.mjs', import.meta.url));

/** The tests' own code. */
const NOT_COVERED = ['--coverage-exclude=**/test/**'];

type Group = 'unit' | 'contract' | 'lab';

interface How {
  readonly jobs: number;
  readonly coverage: boolean;
}

const PURE: How = { jobs: 2, coverage: true };
/** Labs share the machine's two cores: what measures, or must be in time, has them to itself. */
const ALONE: How = { jobs: 1, coverage: false };
/** What breaks things, and looks whether they are fixed, spends most of its time waiting. */
const SIDE_BY_SIDE: How = { jobs: 3, coverage: false };

/**
 * Lab tests that hold on a machine that has other things to do, and look at nothing but their own lab; the longest
 * first.
 */
const PATIENT = [
  'faults',
  'exercises',
  'rollback',
  'verify',
  'grade-live',
  'storage-faults',
  'grade-lab',
  'vteps',
  'controllers',
  'drift',
  'adopted-kinds',
  'lab',
  'grade-batch',
  'walls',
  'watch',
  'destroy',
];

const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const coverage = flags.includes('--coverage');
const unknown = flags.filter((flag) => flag !== '--coverage');

const outcomes: FileOutcome[] = [];
let broken = false;
if (unknown.length > 0) {
  console.error(`no such option: ${unknown.join(' ')}`);
  broken = true;
} else {
  // One run of tap for groups that run alike: coverage is that of a whole run.
  await runFiles([...filesOf('unit'), ...filesOf('contract')], PURE);
  const labs = filesOf('lab');
  const patient = PATIENT.flatMap((name) => labs.filter((file) => file.endsWith(`/${name}.test.js`)));
  await runFiles(patient, SIDE_BY_SIDE);
  await runFiles(
    labs.filter((file) => !patient.includes(file)),
    ALONE,
  );
}
summary();

/** The compiled tests of a group, by their sources: what a deleted source has left in the build is never run. */
function filesOf(group: Group): string[] {
  const sources = readdirSync(`${PACKAGE}test/${group}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${group}/${name}`)
    .filter(
      (source) =>
        wanted.length === 0 || wanted.includes(group) || wanted.some((word) => `/${source}`.endsWith(`/${word}`)),
    )
    .sort();
  return sources.map((source) => {
    const output = `${BUILD}${source.replace(/\.ts$/, '.js')}`;
    if (existsSync(output)) return relative(PACKAGE, output);
    throw new Error(`${source} is not built: run \`npm run build\``);
  });
}

async function runFiles(files: readonly string[], how: How): Promise<void> {
  if (files.length === 0) return;
  const covers = coverage && how.coverage;
  const before = outcomes.length;
  const parser = tallyParser(
    (outcome) => {
      outcomes.push(outcome);
      const verdict = outcome.ok ? (outcome.passed > 0 ? 'ok  ' : 'skip') : 'FAIL';
      console.log(`${verdict} ${seconds(outcome.durationMs)}  ${outcome.file}  ${counted(outcome)}`);
    },
    ({ test, detail }) => console.log(`FAIL ${test}\n${indent(detail ? stringify(detail) : '(tap says no more)')}`),
  );
  const args = [
    TAP,
    'run',
    `--jobs=${how.jobs}`,
    `--timeout=${FILE_TIMEOUT_SECONDS}`,
    '--reporter=tap',
    // The summary for people is made from the coverage that was gathered, when all is over.
    ...(covers
      ? ['--coverage-report=none', '--allow-incomplete-coverage', '--allow-empty-coverage', ...NOT_COVERED]
      : ['--disable-coverage']),
    ...files,
  ];
  const tap = spawn(process.execPath, args, { cwd: PACKAGE, stdio: ['ignore', 'pipe', 'inherit'] });
  tap.stdout.pipe(parser as unknown as NodeJS.WritableStream);
  const ended = new Promise<void>((resolve) => parser.on('complete', () => resolve()));
  const status = await new Promise<number | null>((resolve) => tap.on('close', resolve));
  await ended;
  // A tap that dies half-way has told of fewer files than it was given.
  if (status !== 0 || outcomes.length - before < files.length) broken = true;
  if (covers) await report();
}

/** Reported, not enforced: what the lab alone can show is not counted here. */
async function report(): Promise<void> {
  const tap = spawn(process.execPath, [TAP, 'report', 'text', '--allow-incomplete-coverage', ...NOT_COVERED], {
    cwd: PACKAGE,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await new Promise((resolve) => tap.on('close', resolve));
}

function summary(): void {
  const skipped = outcomes.flatMap((outcome) => outcome.skipped);
  const passed = outcomes.reduce((total, outcome) => total + outcome.passed, 0);
  const failed = outcomes.reduce((total, outcome) => total + outcome.failed, 0);
  if (skipped.length > 0) {
    console.log('\nSkipped:');
    for (const { test, reason } of skipped) console.log(`  ${test}: ${reason}`);
  }
  if (passed + failed === 0) console.log('\nNo test was run.');
  if (broken && failed === 0) console.log('\nThe run itself failed: see above.');
  process.exitCode = broken || failed > 0 || passed === 0 ? 1 : 0;
  console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
}

function counted({ passed, failed, skipped }: FileOutcome): string {
  return [
    `${passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped.length > 0 ? [`${skipped.length} skipped`] : []),
  ].join(', ');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(6)} s`;
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '    ');
}
