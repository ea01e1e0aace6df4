import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Test } from 'tap';
import { findMachine } from '../../lib/lab/machine.js';
import { enterMachine } from '../../lib/lab/run-inside.js';
import { isVerified } from './documents.js';
import { APPLY_FAULTS, caseName, type Fault, type FaultCase, MIGRATION_FAULTS } from './fault-cases.js';
import { type Document, onLab, type TestLab } from './harness.js';
import { helpersOf, holding, holdings, lockHolder } from './host-state.js';

const PROGRAM = fileURLToPath(new URL('./faulty-vxmig.js', import.meta.url));
const DYING = fileURLToPath(new URL('./dying-vxmig.js', import.meta.url));
const PLACES: Readonly<Record<string, string>> = {
  source: 'host-a',
  destination: 'host-b',
  onlooker: 'host-c',
  router: 'router',
};
/** For the copy: a cut underlay is noticed by nothing else. */
const TIMEOUT = '20s';

/**
 * Those that the suite runs; VXMIG_FAULTS=all runs all, and VXMIG_FAULTS='TEXT;TEXT' those whose names hold one of
 * them.
 */
const USUAL = [
  'ovs-vswitchd dies at the destination: armed',
  'QEMU dies at the destination: STOP',
  'the underlay is cut for 1 s: STOP',
  'the underlay is cut for good: STOP',
  "libvirt's answers do not reach the old host at the destination: STOP",
  'the guest stands still on arrival at the destination: RESUME',
];
const USUAL_OF_APPLY = ['vxmig is killed: after VMs', 'libvirtd dies at the source: before VMs'];
const asked = process.env.VXMIG_FAULTS?.split(';');
const chosen = (cases: readonly FaultCase[], usual: readonly string[]) =>
  cases.filter((each) =>
    asked === undefined
      ? usual.includes(caseName(each))
      : asked.some((text) => text === 'all' || caseName(each).includes(text)),
  );

await onLab('two-subnets', async (t, lab) => {
  await lab.apply();
  const page = (path: string) => lab.page('host-c', 'blue', `http://10.9.0.1${path}`);
  await page('/cgi-bin/pattern?size=8');

  for (const each of chosen(MIGRATION_FAULTS, USUAL)) {
    await t.test(caseName(each), async (t) => {
      // An earlier case that failed must not fail this one.
      await lab.shell('router', 'nft delete table ip cut 2>/dev/null || true');
      await lab.succeed('lab', 'up', lab.file);
      if ((await lab.run('apply', lab.file)).exitCode !== 0) {
        await lab.run('destroy', lab.file, '--yes');
        await lab.apply();
        await page('/cgi-bin/pattern?size=8');
      }
      const run = await withFault(lab, each, ['migrate', lab.file, 'web', '--to', 'host-b', '--timeout', TIMEOUT]);
      t.comment(`${run.document?.outcome}: ${run.document?.error?.message}`);
      let [lost, still, atEnd] = [false, false, false];
      t.teardown(() => recorded({ work: 'migrate', each, run, lost, still, held: atEnd && t.passing() }));
      const alive = await placesOf(lab, 'running');
      t.ok(alive.length <= 1, `it runs at most once: ${alive.join(', ')}`);
      await healed(lab, each);
      const home = await homeOf(lab);
      isTold(t, run, home);
      still = home === null && (await placesOf(lab, 'paused')).length > 0;
      lost = home === null && !still;
      if (still) t.match(each.fault.name, /^libvirtd dies/, 'it stands still only where nobody can ask libvirt');
      if (lost) t.match(each.fault.name, /QEMU|panics/, 'only with its QEMU the VM is gone');
      await lab.apply();
      t.same(await holdings(lab), holding(lab, { web: 'host-a' }), 'one apply fixes all');
      t.same((await lab.succeed('plan', lab.file)).changes, []);
      isVerified(t, await lab.succeed('verify', lab.file));
      if (lost) await page('/cgi-bin/pattern?size=8');
      t.match(await page('/cgi-bin/check'), /^intact\n/);
      t.same(await leftovers(lab), []);
      atEnd = true;
    });
  }

  for (const each of chosen(APPLY_FAULTS, USUAL_OF_APPLY)) {
    await t.test(`apply: ${caseName(each)}`, async (t) => {
      await lab.succeed('destroy', lab.file, '--yes');
      const run = await withFault(lab, each, ['apply', lab.file]);
      t.comment(`${run.exitCode}: ${run.document?.error?.message}`);
      let atEnd = false;
      t.teardown(() => recorded({ work: 'apply', each, run, lost: false, still: false, held: atEnd && t.passing() }));
      if (each.fault.at !== 'controller') isDocumented(t, run);
      t.notMatch(run.stderr, /\n {4}at /, 'no stack trace');
      await healed(lab, each);
      await lab.apply();
      t.same(await holdings(lab), holding(lab, { web: 'host-a' }), 'one apply fixes all');
      t.same((await lab.succeed('plan', lab.file)).changes, []);
      isVerified(t, await lab.succeed('verify', lab.file));
      t.same(await leftovers(lab), []);
      atEnd = true;
    });
  }
});

interface Ended {
  readonly exitCode: number | undefined;
  readonly document: Document;
  readonly stderr: string;
}

async function withFault(lab: TestLab, { fault, point }: FaultCase, command: readonly string[]): Promise<Ended> {
  const killed = fault.at === 'controller';
  const program = killed ? [DYING, 'SIGKILL', point] : [PROGRAM, point, await injection(lab, fault)];
  const args = [...program, '--json', ...command];
  const { exitCode, stdout, stderr } = await execa(process.execPath, args, {
    reject: false,
    stdin: 'ignore',
    // libvirt takes two minutes to find out that a destination has gone.
    timeout: 200_000,
    killSignal: 'SIGKILL',
    env: { XDG_STATE_HOME: `${lab.file}.state` },
  });
  if (!stderr.includes(`reached ${point}`)) throw new Error(`${point} was not reached: ${stderr}`);
  return { exitCode, document: stdout === '' ? undefined : JSON.parse(stdout), stderr };
}

async function injection(lab: TestLab, { at, script }: Fault): Promise<string> {
  const inside = await findMachine(lab.name, PLACES[at] ?? '');
  return JSON.stringify(enterMachine(inside, ['sh', '-c', script]));
}

/** The hosts at which libvirt says that of the VM; one that is dead says nothing. */
async function placesOf(lab: TestLab, wanted: 'running' | 'paused'): Promise<string[]> {
  const script = 'for vm in $(virsh -q list --all --name 2>/dev/null); do virsh domstate "$vm"; done';
  const states = await Promise.all(
    ['host-a', 'host-b'].map(
      async (host) => [host, await lab.shell(host, `timeout 5 sh -c '${script}' || true`)] as const,
    ),
  );
  return states.filter(([, state]) => state.split('\n').includes(wanted)).map(([host]) => host);
}

async function healed(lab: TestLab, { fault }: FaultCase): Promise<void> {
  if (fault.heal !== null) await lab.shell(PLACES[fault.at] ?? '', fault.heal);
  await lab.succeed('lab', 'up', lab.file);
}

/** Where it runs when libvirt has come to rest; null: nowhere. */
async function homeOf(lab: TestLab): Promise<string | null> {
  for (let look = 0; ; look++) {
    const [home, ...others] = await placesOf(lab, 'running');
    if (others.length > 0) throw new Error('it runs twice');
    if (home !== undefined) return home;
    if (look === 40) return null;
    await sleep(250);
  }
}

function isTold(t: Test, run: Ended, home: string | null): void {
  isDocumented(t, run);
  if (run.document?.outcome === 'migrated') t.equal(home, 'host-b', 'it says where the VM is');
  if (run.document?.outcome === 'rolled-back') t.equal(home, 'host-a', 'it says where the VM is');
  t.notMatch(run.stderr, /\n {4}at /, 'no stack trace');
}

function isDocumented(t: Test, { exitCode, document, stderr }: Ended): void {
  t.type(document, 'object', `one JSON document; stderr: ${stderr.slice(-500)}`);
  t.equal(exitCode === 0, document?.ok, 'exit status');
  if (document?.ok !== true) t.match(document?.error, { code: /./, message: /./, hint: /./ });
}

/** Of vxmig's own, on the hosts. */
async function leftovers(lab: TestLab): Promise<string[]> {
  const locks = lab.topology.hosts.map(async ({ name }) => {
    const holder = await lockHolder(lab, name);
    return holder === '' ? [] : [`${name}: ${holder}`];
  });
  return [...(await helpersOf(lab)), ...(await Promise.all(locks)).flat()];
}

interface Recorded {
  readonly work: 'migrate' | 'apply';
  readonly each: FaultCase;
  readonly run: Ended;
  readonly lost: boolean;
  /** It stood still until the next apply. */
  readonly still: boolean;
  /** All that must be so was so. */
  readonly held: boolean;
}

/** For docs/faults.md: the file VXMIG_FAULTS_FILE gets a line for each case that was run to its end. */
async function recorded({
  work,
  each: { fault, point },
  run: { exitCode, document },
  lost,
  still,
  held,
}: Recorded): Promise<void> {
  const file = process.env.VXMIG_FAULTS_FILE;
  if (file === undefined) return;
  const ended = exitCode === undefined ? 'killed' : exitCode === 0 ? 'done' : 'undone, or left to the next';
  const outcome = lost ? 'lost with its QEMU' : still ? 'stood still' : (document?.outcome ?? ended);
  const line = { work, fault: fault.name, at: fault.at, point, outcome, ok: exitCode === 0, held };
  await appendFile(file, `${JSON.stringify(line)}\n`);
}
