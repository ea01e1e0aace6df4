import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { observeLabNames } from '../../lib/lab/list.js';
import { whyNoLab } from '../../lib/lab/preflight.js';
import { parseTopology } from '../../lib/topology/read.js';
import { eventually } from './eventually.js';
import { guardLab, whyNoGuest } from './harness.js';

const PROGRAM = fileURLToPath(new URL('../../../bin/vxmig', import.meta.url));

/** Two hosts without VMs: such a lab is up within seconds. */
const REFERENCE = `version: 1
name: small
lab: {}
underlay: {left: {cidr: 198.18.1.0/24}}
hosts:
  host-a: {underlay: left, address: 198.18.1.10}
  host-b: {underlay: left, address: 198.18.1.11}
networks:
  blue: {vni: 5001, cidr: 10.9.0.0/24}
`;

const RUBRIC = `version: 1
name: small
reference: reference.yaml
checks:
  file: {topology: {networks: [vni]}}
  tunnel: {tunnel: {network: blue}}
  names: {command: {on: host-a, run: [ovs-vsctl, list-br], matches: '^br-blue-'}}
  late: {command: {on: host-a, run: [sleep, '20'], matches: '.*', within: 5s}}
  endless: {command: {on: host-a, run: [sh, -c, 'yes | head -c 40000000'], matches: 'y'}}
  apart:
    command: {on: host-a, run: [sh, -c, 'ovs-vsctl list-br | grep -q ^br-red- && exec yes; echo y'], matches: 'y'}
  word: {command: {on: host-a, run: [sh, -c, 'echo "$1"', sh, '$(id); x'], matches: '^[$][(]id[)]; x$'}}
`;

const OWN_LAB = `grade-t${process.pid}`;

t.setTimeout(300_000);
const why = (await whyNoLab(parseTopology(REFERENCE, 'reference.yaml'))) ?? (await whyNoGuest());
if (why !== null) t.plan(0, why);
else await tests();

async function tests(): Promise<void> {
  await t.test(
    'a lab of the submission, under the name of the reference; what only the reference manages is lost',
    async (t) => {
      const answer = `${REFERENCE.replace('name: small', 'name: mine')}  red: {vni: 5002, cidr: 10.8.0.0/24}\n`;
      const { exitCode, document } = await graded(t, answer);
      t.equal(exitCode, 1);
      const seen = Object.fromEntries(
        document.checks.map(({ name, status }: { name: string; status: string }) => [name, status]),
      );
      t.strictSame(seen, {
        file: 'passed',
        tunnel: 'passed',
        names: 'passed',
        late: 'failed',
        endless: 'error',
        apart: 'failed',
        word: 'passed',
      });
      t.match(document, { ok: false, score: 4, ungradedScore: 1 });
      t.match(
        document.checks[5].output,
        /printed more than .*; with the reference it can be carried out on this machine/,
      );
    },
  );

  await t.test('what cannot be applied though the reference can is the student’s doing, and no error', async (t) => {
    const ghost =
      `${REFERENCE}vms:\n  web: {host: host-a, domain: ghost, nics: [{network: blue, mac: "52:54:00:09:00:01", ` +
      'address: 10.9.0.1/24}]}\n';
    const { exitCode, document } = await graded(t, ghost);
    t.equal(exitCode, 0, JSON.stringify(document.error));
    t.match(document, { ok: true, score: 1 });
    t.match(document.checks[1].output, /the lab: .*ghost/);
  });

  await t.test('what is too large is not built', async (t) => {
    const hosts = Array.from(
      { length: 20 },
      (_, index) => `  more-${index}: {underlay: left, address: 198.18.1.${100 + index}}\n`,
    );
    const { document, stderr } = await graded(t, REFERENCE.replace('networks:', `${hosts.join('')}networks:`));
    t.match(document, { ok: true, score: 1 });
    t.match(document.checks[1].output, /22 hosts where 4 hosts are the most/);
    t.notMatch(stderr, /Lab .* is up/);
  });

  await t.test('beyond the time limit nothing is known, and the lab is gone', async (t) => {
    const { exitCode, document } = await graded(t, REFERENCE, '--time-limit', '2s');
    t.equal(exitCode, 1);
    t.match(document, { ok: false, score: 1, error: { code: 'GRADING_FAILED' } });
    t.match(document.checks[1].output, /the time limit of 2 s was over/);
    t.strictSame(await ownLabs(), []);
  });

  await t.test('kill -9: the lab is removed by whoever is left', async (t) => {
    const { process, ended } = started(t, REFERENCE);
    while (process.exitCode === null && (await ownLabs()).length === 0) await sleep(50);
    process.kill('SIGKILL');
    await ended;
    await eventually('the lab is gone', async () => (await ownLabs()).length === 0);
    t.strictSame(await ownLabs(), []);
  });

  await t.test('Ctrl-C: the lab is removed, exit 130', async (t) => {
    const { process, done } = started(t, REFERENCE);
    while (process.exitCode === null && (await ownLabs()).length === 0) await sleep(50);
    process.kill('SIGINT');
    t.match(await done(), { exitCode: 130, document: { ok: false, error: { code: 'INTERRUPTED' } } });
    t.strictSame(await ownLabs(), []);
  });
}

async function ownLabs(): Promise<string[]> {
  return (await observeLabNames()).filter((name) => name === OWN_LAB);
}

function started(t: Test, answer: string, ...options: readonly string[]) {
  const directory = t.testdir({ 'answer.yaml': answer, 'rubric.yaml': RUBRIC, 'reference.yaml': REFERENCE });
  const guard = guardLab(OWN_LAB);
  const process = execa(
    globalThis.process.execPath,
    [
      PROGRAM,
      '--json',
      'grade',
      `${directory}/answer.yaml`,
      '--rubric',
      `${directory}/rubric.yaml`,
      '--lab-name',
      OWN_LAB,
      ...options,
    ],
    { reject: false, stdin: 'ignore', timeout: 200_000 },
  );
  const ended = process.finally(() => guard.release());
  const done = async () => {
    const { exitCode, stdout, stderr } = await ended;
    return { exitCode, stderr, document: JSON.parse(stdout) };
  };
  return { process, ended, done };
}

async function graded(...args: Parameters<typeof started>) {
  return await started(...args).done();
}
