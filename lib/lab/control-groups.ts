import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../model/errors.js';
import type { LabWarning } from '../model/lab-event.js';

/*
 * One group of the kernel's pids controller for each machine of a lab (cgroups(7)), of version 1 or 2, as the machine
 * has it. Root is not bound by RLIMIT_NPROC (setrlimit(2)), so there is no other way.
 */
const REMOVAL_MS = 2_000;
const POLL_MS = 20;

/** A name of ours, told from any other by the dot: a lab's has none. */
const groupOf = (lab: string, machine: string) => `vxmig.${lab}.${machine}`;

/** Where the groups are made; null: there is no pids controller here. */
function hierarchy(): { readonly root: string; readonly version: 1 | 2 } | null {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const root = line.split(' ')[4] ?? '';
    const [, type, options = ''] = / - (\S+) \S+ (\S+)/.exec(line) ?? [];
    if (type === 'cgroup' && options.split(',').includes('pids')) return { root, version: 1 };
    if (type === 'cgroup2' && offers(root)) return { root, version: 2 };
  }
  return null;
}

function offers(root: string): boolean {
  try {
    return readFileSync(join(root, 'cgroup.controllers'), 'utf8').split(/\s+/).includes('pids');
  } catch {
    return false;
  }
}

/** The directory of a machine's group; null: it can have none. */
export function groupDirectory(lab: string, machine: string): string | null {
  const found = hierarchy();
  return found === null ? null : join(found.root, groupOf(lab, machine));
}

/** Makes it where it is missing. @throws where that cannot be done */
export async function makeGroup(lab: string, machine: string, processes: number): Promise<void> {
  const directory = groupDirectory(lab, machine);
  if (directory === null) throw new Error('there is no pids controller');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'pids.max'), `${processes}\n`);
}

/** Why the number of a machine's processes cannot be bounded here; told before a lab is built. */
export async function groupWarnings(): Promise<LabWarning[]> {
  const probe = `probe-${randomBytes(4).toString('hex')}`;
  try {
    const found = hierarchy();
    if (found === null) throw new Error('the kernel offers no pids controller');
    if (found.version === 2) await enable(found.root);
    await makeGroup(probe, 'x', 1);
    return [];
  } catch (error) {
    return [
      {
        code: 'processes-unbounded',
        message:
          'A host of the lab may start as many processes as this machine has room for: control groups cannot be ' +
          `made here (${messageOf(error)}).`,
        hint:
          'In a container: run it with a writable /sys/fs/cgroup; until then let nobody into the lab ' +
          'who may do harm.',
      },
    ];
  } finally {
    await removeGroups(probe).catch(() => undefined);
  }
}

/** Version 2 gives a controller to the groups below only where it is told to. */
async function enable(root: string): Promise<void> {
  const file = join(root, 'cgroup.subtree_control');
  if (!(await readFile(file, 'utf8')).split(/\s+/).includes('pids')) await writeFile(file, '+pids\n');
}

/** Those of a lab, by its name alone. */
export async function observeGroups(lab: string): Promise<string[]> {
  const root = hierarchy()?.root;
  if (root === undefined) return [];
  const names = await readdir(root).catch(() => []);
  return names.filter((name) => name.startsWith(groupOf(lab, ''))).map((name) => join(root, name));
}

/** Removes them; what is left is in use, which the kernel may also say of one whose last process has just ended. */
export async function removeGroups(lab: string): Promise<void> {
  const deadline = Date.now() + REMOVAL_MS;
  for (;;) {
    const directories = await observeGroups(lab);
    for (const directory of directories) await rmdir(directory).catch(() => undefined);
    if (directories.length === 0 || Date.now() > deadline) return;
    await sleep(POLL_MS);
  }
}

/** For sh(1), whose arguments are the group's directory and a command: joins the one, and becomes the other. */
const JOIN = '{ echo 0 >"$0/cgroup.procs"; } 2>/dev/null; exec "$@"';

/** Arguments that run a command as a member of the machine's group, where it has one. */
export function joining(lab: string, machine: string, argv: readonly string[]): string[] {
  const directory = groupDirectory(lab, machine);
  return directory === null ? [...argv] : ['sh', '-c', JOIN, directory, ...argv];
}
