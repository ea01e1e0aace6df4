import { spawn } from 'node:child_process';
import { chmod, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { VxmigError } from '../model/errors.js';
import { MACHINE_CAPABILITIES } from './capabilities.js';
import { groupDirectory, makeGroup } from './control-groups.js';
import type { HostFile } from './host-files.js';
import { logDirectory, machineDirectory } from './lab-directory.js';
import type { MachineLimits } from './limits.js';
import { mountLog } from './log-mount.js';
import { machineEnvironment } from './run-inside.js';
import type { StorageMount } from './storage-mounts.js';

const INIT_SCRIPT = fileURLToPath(new URL('../../../lib/lab/machine-init.sh', import.meta.url));
const NAMESPACES = ['--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--propagation', 'private'];
/**
 * The script mounts the machine's root on one, and shows the machine outside through overlays of the other, which stays
 * empty.
 */
const DIRECTORIES = ['root', 'empty'];

export interface MachineRequest {
  readonly lab: string;
  readonly name: string;
  readonly files: readonly HostFile[];
  readonly limits: MachineLimits;
  readonly forwards: boolean;
  readonly kvm: boolean;
  readonly mounts: readonly StorageMount[];
}

export interface StartedMachine {
  /** PID 1 of its namespaces, as the machine outside counts; the network namespace can be worked on already. */
  readonly pid: number;
  /** Resolves when its file system is complete. */
  readonly ready: Promise<void>;
}

/**
 * Makes the namespaces of one lab machine. It outlives this process; `lab down` ends it.
 * @throws VxmigError LAB with what the init script said
 */
export async function startMachine(request: MachineRequest): Promise<StartedMachine> {
  const directory = machineDirectory(request.lab, request.name);
  await writeFiles(directory, request);
  const { limits } = request;
  if (limits.processes !== null) await makeGroup(request.lab, request.name, limits.processes);
  const logFile = join(logDirectory(request.lab, request.name), 'init.log');
  const log = await open(logFile, 'w');
  const child = spawn('unshare', [...NAMESPACES, '--', 'sh', INIT_SCRIPT], {
    cwd: '/',
    detached: true,
    env: {
      ...machineEnvironment({ lab: request.lab, machine: request.name }),
      VXMIG_DIRECTORY: directory,
      VXMIG_NAME: request.name,
      VXMIG_CAPABILITIES: MACHINE_CAPABILITIES,
      VXMIG_KVM: request.kvm ? 'yes' : 'no',
      VXMIG_FORWARDS: request.forwards ? 'yes' : 'no',
      VXMIG_FILES: `size=${limits.filesBytes},nr_inodes=${limits.files}`,
      VXMIG_MOUNTS: request.mounts.map(({ source, path }) => `${source}\t${path}\n`).join(''),
      VXMIG_GROUP: limits.processes === null ? '' : (groupDirectory(request.lab, request.name) ?? ''),
    },
    stdio: ['ignore', 'pipe', log.fd],
  });
  child.unref();
  const failed = async (): Promise<VxmigError> => {
    const said = (await readFile(logFile, 'utf8').catch(() => '')).trim();
    return new VxmigError('LAB', `The namespaces of ${request.name} could not be made: ${said || 'no message'}`, {
      where: request.name,
      hint: `Read ${logFile}, then \`vxmig lab down ${request.lab}\` and try again.`,
    });
  };
  if (child.stdout === null) throw new Error('the init script has no standard output');
  const told = readProgress(child.stdout, failed);
  child.once('error', told.fail);
  await log.close();
  return { pid: await told.pid, ready: told.ready };
}

/** The script's two lines, as promises; both reject when its output ends without them. */
function readProgress(output: Readable, failed: () => Promise<VxmigError>) {
  const pid = deferred<number>();
  const ready = deferred<void>();
  const fail = (error: Error): void => {
    pid.reject(error);
    ready.reject(error);
  };
  // Whoever waits for the PID hears of a failure there first; nobody may be waiting for the rest yet.
  ready.promise.catch(() => undefined);
  const lines = createInterface({ input: output });
  lines.on('line', (line) => {
    if (line.startsWith('pid ')) pid.resolve(Number(line.slice(4)));
    if (line !== 'ready') return;
    ready.resolve();
    // unshare(1) waits for the machine with its end of the pipe open, and would keep this process from ending.
    output.destroy();
  });
  lines.once('close', () => void failed().then(fail));
  return { pid: pid.promise, ready: ready.promise, fail };
}

async function writeFiles(directory: string, request: MachineRequest): Promise<void> {
  const root = join(directory, 'files');
  await rm(root, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const log = logDirectory(request.lab, request.name);
  await mkdir(log, { recursive: true, mode: 0o755 });
  await mountLog(log, request.limits.logBytes);
  for (const name of DIRECTORIES) await mkdir(join(directory, name), { recursive: true });
  for (const { source } of request.mounts) await mkdir(source, { recursive: true, mode: 0o755 });
  for (const file of request.files) {
    const path = join(root, file.path);
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await writeFile(path, file.content, { mode: file.mode });
  }
  // cp -a carries modes over: the host's root would else let everybody see its keys' directory.
  if (request.files.some((file) => file.path.startsWith('/root/.ssh/'))) {
    await chmod(join(root, 'root'), 0o700);
    await chmod(join(root, 'root/.ssh'), 0o700);
  }
}

function deferred<Value>() {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
