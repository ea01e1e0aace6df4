import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { labDown } from '../../lib/lab/down.js';
import { observeLabNames } from '../../lib/lab/list.js';
import { whyNoLab } from '../../lib/lab/preflight.js';
import { parseTopology } from '../../lib/topology/read.js';
import { eventually } from './eventually.js';
import { guardLab, PROGRAM, whyNoGuest } from './harness.js';

const REFERENCE = readFileSync(new URL('../../../topologies/two-subnets.yaml', import.meta.url), 'utf8');

/** One look at the file, and one from the hosts. */
const RUBRIC = `version: 1
name: batch
reference: reference.yaml
checks:
  vnis: {points: 1, topology: {networks: [vni]}}
  reach: {points: 2, retry: 30s, reach: {from: host-c, to: web}}
`;

const why = (await whyNoLab(parseTopology(REFERENCE, 'two-subnets.yaml'))) ?? (await whyNoGuest());
t.setTimeout(580_000);

if (why !== null) t.plan(0, why);
else {
  await t.test('two students at the same time, each on a lab of its own, of which nothing is left', async (t) => {
    const batch = startBatch(t, { 'ann.yaml': REFERENCE, 'bob.yaml': REFERENCE.replace('vni: 5001', 'vni: 5009') });
    const labs = await batch.labs();
    await eventually('both labs are there', async () => (await thoseOf(labs)).length === 2);
    const { exitCode, stdout, stderr } = await batch.ended;
    t.equal(exitCode, 0, stderr);
    const { students } = JSON.parse(stdout);
    t.match(students, [
      { student: 'ann', score: 3, status: 'graded' },
      { student: 'bob', score: 2, status: 'graded' },
    ]);
    t.strictSame(await thoseOf(labs), []);
  });

  await t.test('a student’s process is killed while its lab is there: no zero, and the lab goes', async (t) => {
    const batch = startBatch(t, { 'ann.yaml': REFERENCE });
    const labs = await batch.labs();
    await eventually('the lab is there', async () => (await thoseOf(labs)).length === 1);
    process.kill(await childOf(batch.pid), 'SIGKILL');
    const { exitCode, stdout } = await batch.ended;
    t.equal(exitCode, 1);
    t.match(JSON.parse(stdout), { ok: false, students: [{ status: 'error', score: 0, ungradedScore: 3 }] });
    t.strictSame(await thoseOf(labs), []);
  });

  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    await t.test(`the batch gets ${signal} while labs are there: they go`, async (t) => {
      const batch = startBatch(t, { 'ann.yaml': REFERENCE, 'bob.yaml': REFERENCE });
      const labs = await batch.labs();
      await eventually('both labs are there', async () => (await thoseOf(labs)).length === 2);
      process.kill(batch.pid, signal);
      const { exitCode } = await batch.ended;
      t.equal(exitCode, signal === 'SIGINT' ? 130 : undefined);
      await eventually('no lab is left', async () => (await thoseOf(labs)).length === 0);
    });
  }
}

/** A batch of two at a time. Its labs are taken down even when this test dies. */
function startBatch(t: Test, handed: Readonly<Record<string, string>>) {
  const directory = t.testdir({ handed, 'rubric.yaml': RUBRIC, 'reference.yaml': REFERENCE });
  const options = ['--rubric', join(directory, 'rubric.yaml'), '--jobs', '2', '--json', '--verbose'];
  const batch = execa(process.execPath, [PROGRAM, 'grade', '--batch', join(directory, 'handed'), ...options], {
    reject: false,
    stdin: 'ignore',
    timeout: 300_000,
    forceKillAfterDelay: 60_000,
    env: { XDG_STATE_HOME: directory },
  });
  const named = new Set<string>();
  batch.stderr.on('data', (chunk) => {
    for (const [, lab = ''] of String(chunk).matchAll(/: lab (grade-[a-z0-9-]+)\n/g)) {
      if (named.has(lab)) continue;
      named.add(lab);
      const guard = guardLab(lab);
      t.teardown(async () => {
        await labDown(lab, () => undefined).catch(() => undefined);
        guard.release();
      });
    }
  });
  return {
    pid: batch.pid ?? 0,
    ended: batch,
    labs: async () => {
      await eventually('the labs are named', async () => named.size === Object.keys(handed).length);
      return [...named];
    },
  };
}

async function thoseOf(labs: readonly string[]): Promise<readonly string[]> {
  return (await observeLabNames()).filter((name) => labs.includes(name));
}

async function childOf(pid: number): Promise<number> {
  const { stdout } = await execa('ps', ['-o', 'pid=', '--ppid', String(pid)]);
  return Number(stdout.trim().split('\n')[0]);
}
