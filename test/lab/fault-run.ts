import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Test } from 'tap';
import { findMachine } from '../../lib/lab/machine.js';
import { enterMachine } from '../../lib/lab/run-inside.js';
import { caseName, type Fault, type FaultCase, KILLED } from './fault-cases.js';
import type { Document, TestLab } from './harness.js';
import { helpersOf, lockHolder } from './host-state.js';

const PROGRAM = fileURLToPath(new URL('./faulty-vxmig.js', import.meta.url));
const DYING = fileURLToPath(new URL('./dying-vxmig.js', import.meta.url));
const PLACES: Readonly<Record<Fault['at'], string>> = {
  source: 'host-a',
  destination: 'host-b',
  onlooker: 'host-c',
  router: 'router',
  server: 'nfs-pool',
  controller: '',
};
/** For the copy: a cut underlay is noticed by nothing else. */
const COPY_TIMEOUT = '20s';
/** A job that waits for a server which has gone for good is given up by libvirt after three minutes. */
const PROGRAM_TIMEOUT_MS = 300_000;

/**
 * Those that the suite runs; VXMIG_FAULTS=all runs all, and VXMIG_FAULTS='TEXT;TEXT' those whose names hold one of
 * them.
 */
export function chosen(cases: readonly FaultCase[], usual: readonly string[]): FaultCase[] {
  const asked = process.env.VXMIG_FAULTS?.split(';');
  return cases.filter((each) =>
    asked === undefined
      ? usual.includes(caseName(each))
      : asked.some((text) => text === 'all' || caseName(each).includes(text)),
  );
}

/** What vxmig has said, and how it ended. */
export interface Ended {
  readonly exitCode: number | undefined;
  readonly document: Document;
  readonly stderr: string;
}

export async function withFault(lab: TestLab, { fault, point }: FaultCase, command: readonly string[]): Promise<Ended> {
  const program =
    fault.at === 'controller' ? [DYING, fault.script, point] : [PROGRAM, point, await injection(lab, fault)];
  const args = [...program, '--json', ...command];
  const { exitCode, stdout, stderr } = await execa(process.execPath, args, {
    reject: false,
    stdin: 'ignore',
    timeout: PROGRAM_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    env: { XDG_STATE_HOME: `${lab.file}.state` },
  });
  if (!stderr.includes(`reached ${point}`)) throw new Error(`${point} was not reached: ${stderr}`);
  return { exitCode, document: stdout === '' ? undefined : JSON.parse(stdout), stderr };
}

/** The move of a case: of the only VM, to the other host. */
async function moveWithFault(lab: TestLab, each: FaultCase, ...options: readonly string[]): Promise<Ended> {
  return await withFault(lab, each, [
    'migrate',
    lab.file,
    'web',
    '--to',
    'host-b',
    '--timeout',
    COPY_TIMEOUT,
    ...options,
  ]);
}

/** What became of a case's VM. */
export interface Aftermath {
  /** Where it runs when the fault has been taken away; null: nowhere. */
  readonly home: string | null;
  /** It stands still. */
  readonly still: boolean;
  readonly lost: boolean;
  /** To be called when all that must be so was so. */
  held(): void;
}

/** The move of a case until libvirt has come to rest, with what must be so of every one of them. */
export async function moveThrough(
  t: Test,
  lab: TestLab,
  each: FaultCase,
  { work, options = [] }: { readonly work: Work; readonly options?: readonly string[] },
): Promise<Aftermath> {
  const run = await moveWithFault(lab, each, ...options);
  t.comment(`${run.document?.outcome}: ${run.document?.error?.message}`);
  let [lost, still, atEnd] = [false, false, false];
  t.teardown(() => recorded({ work, each, run, lost, still, held: atEnd && t.passing() }));
  const alive = await placesOf(lab, 'running');
  t.ok(alive.length <= 1, `it runs at most once: ${alive.join(', ')}`);
  await healed(lab, each);
  const home = await homeOf(lab);
  // One that was killed says nothing.
  if (each.fault !== KILLED) isTold(t, run, home);
  still = home === null && (await placesOf(lab, 'paused')).length > 0;
  lost = home === null && !still;
  return {
    ...{ home, still, lost },
    held: () => {
      atEnd = true;
    },
  };
}

async function injection(lab: TestLab, { at, script }: Fault): Promise<string> {
  const inside = await findMachine(lab.name, PLACES[at]);
  return JSON.stringify(enterMachine(inside, ['sh', '-c', script.replaceAll('LAB', lab.name)]));
}

/** The hosts at which libvirt says that of the VM; one that is dead says nothing. */
export async function placesOf(lab: TestLab, wanted: 'running' | 'paused'): Promise<string[]> {
  const script = 'for vm in $(virsh -q list --all --name 2>/dev/null); do virsh domstate "$vm"; done';
  const states = await Promise.all(
    ['host-a', 'host-b'].map(
      async (host) => [host, await lab.shell(host, `timeout 5 sh -c '${script}' || true`)] as const,
    ),
  );
  return states.filter(([, state]) => state.split('\n').includes(wanted)).map(([host]) => host);
}

export async function healed(lab: TestLab, { fault }: FaultCase): Promise<void> {
  if (fault.heal !== null) await lab.shell(PLACES[fault.at], fault.heal.replaceAll('LAB', lab.name));
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

export function isDocumented(t: Test, { exitCode, document, stderr }: Ended): void {
  t.type(document, 'object', `one JSON document; stderr: ${stderr.slice(-500)}`);
  t.equal(exitCode === 0, document?.ok, 'exit status');
  if (document?.ok !== true) t.match(document?.error, { code: /./, message: /./, hint: /./ });
}

/** Of vxmig's own, on the hosts. */
export async function leftovers(lab: TestLab): Promise<string[]> {
  const locks = lab.topology.hosts.map(async ({ name }) => {
    const holder = await lockHolder(lab, name);
    return holder === '' ? [] : [`${name}: ${holder}`];
  });
  return [...(await helpersOf(lab)), ...(await Promise.all(locks)).flat()];
}

/** A table of the page each. */
export type Work = 'migrate' | 'apply' | 'copy' | 'nfs';

interface Recorded {
  readonly work: Work;
  readonly each: FaultCase;
  readonly run: Ended;
  readonly lost: boolean;
  /** It stood still until the next apply. */
  readonly still: boolean;
  /** All that must be so was so. */
  readonly held: boolean;
}

/** For docs/faults.md: the file VXMIG_FAULTS_FILE gets a line for each case that was run to its end. */
export async function recorded({
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
