import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/*
 * Which processes belong to a lab is told by the processes themselves: each is started with these variables, and what
 * clears its environment (sshd's sessions, QEMU) still lives in the PID namespace of one that has them.
 */
const LAB_VARIABLE = 'VXMIG_LAB_PROCESS';
const MACHINE_VARIABLE = 'VXMIG_LAB_MACHINE';
const POLL_MS = 10;

export function labEnvironment(lab: string, machine: string): Record<string, string> {
  return { [LAB_VARIABLE]: lab, [MACHINE_VARIABLE]: machine };
}

export interface LabProcess {
  readonly pid: number;
  readonly lab: string;
  readonly machine: string;
}

/** Whether `pid` is (still) the lab machine's process, and not another one that got its number. */
export async function isLabProcess(pid: number, lab: string, machine: string): Promise<boolean> {
  const found = await readMarkers(pid);
  return found !== null && found.lab === lab && found.machine === machine;
}

/** Processes of any lab on this machine that carry the marks themselves. */
export async function observeMarkedProcesses(): Promise<LabProcess[]> {
  const found = await Promise.all((await allPids()).map(readMarkers));
  return found.filter((process) => process !== null);
}

/**
 * Every process of the lab: the marked ones, and all that live in a namespace of processes that a marked one lives in.
 */
export async function observeLabPids(lab: string): Promise<number[]> {
  const marked = (await observeMarkedProcesses()).filter((process) => process.lab === lab).map(({ pid }) => pid);
  const own = await pidNamespace(process.pid);
  const namespaces = new Set((await Promise.all(marked.map(pidNamespace))).filter((ns) => ns !== null && ns !== own));
  const pids = await allPids();
  const members = await Promise.all(pids.map(async (pid) => namespaces.has(await pidNamespace(pid))));
  const lineage = await ancestors(process.pid);
  const all = new Set([...marked, ...pids.filter((_, index) => members[index] === true)]);
  // `lab down` may have been typed in a shell inside the lab: it must not end itself before it is done.
  return [...all].filter((pid) => !lineage.has(pid));
}

/** The marked processes of one machine of the lab; its PID 1 is among them, and takes the others with it. */
export async function observeLabMachinePids(lab: string, machine: string): Promise<number[]> {
  const marked = await observeMarkedProcesses();
  return marked.filter((process) => process.lab === lab && process.machine === machine).map(({ pid }) => pid);
}

/** The network namespaces that the lab's processes live in, as `net:[4026532…]`, without the machine's own. */
export async function observeNetworkNamespaces(pids: readonly number[]): Promise<Set<string>> {
  const own = await namespaceOf(process.pid, 'net');
  const found = await Promise.all(pids.map((pid) => namespaceOf(pid, 'net')));
  return new Set(found.filter((namespace) => namespace !== null && namespace !== own) as string[]);
}

/** Any process on the machine that lives in one of these network namespaces. */
export async function observePidsInNetworkNamespaces(namespaces: ReadonlySet<string>): Promise<number[]> {
  const pids = await allPids();
  const inside = await Promise.all(
    pids.map(async (pid) => {
      const namespace = await namespaceOf(pid, 'net');
      return namespace !== null && namespaces.has(namespace);
    }),
  );
  return pids.filter((_, index) => inside[index] === true);
}

/** Kills without asking and waits for the end; returns those that are still there after `timeoutMs`. */
export async function killAll(observe: () => Promise<number[]>, timeoutMs = 10_000): Promise<number[]> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const pids = await observe();
    if (pids.length === 0 || Date.now() > deadline) return pids;
    for (const pid of pids) kill(pid);
    await sleep(POLL_MS);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function readMarkers(pid: number): Promise<LabProcess | null> {
  // A zombie's environ reads as empty, so it does not count: it is gone but for its parent's wait().
  const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  if (!text.includes(LAB_VARIABLE)) return null;
  const variables = new Map(
    text.split('\0').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const lab = variables.get(LAB_VARIABLE);
  return lab === undefined ? null : { pid, lab, machine: variables.get(MACHINE_VARIABLE) ?? '' };
}

async function allPids(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

function pidNamespace(pid: number): Promise<string | null> {
  return namespaceOf(pid, 'pid');
}

/** Null for a process that is gone, and for a zombie. */
async function namespaceOf(pid: number, kind: 'pid' | 'net'): Promise<string | null> {
  return readlink(`/proc/${pid}/ns/${kind}`).catch(() => null);
}

async function ancestors(pid: number): Promise<Set<number>> {
  const lineage = new Set<number>();
  for (let current = pid; current > 1 && !lineage.has(current); ) {
    lineage.add(current);
    const status = await readFile(`/proc/${current}/status`, 'utf8').catch(() => '');
    current = Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return lineage;
}
