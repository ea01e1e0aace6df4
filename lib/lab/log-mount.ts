import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { VxmigError } from '../model/errors.js';

/** So that logs without end fill this, and not the machine's disk. */
export async function mountLog(directory: string, bytes: number): Promise<void> {
  if ((await observeMounts(directory)).includes(directory)) return;
  const options = `size=${bytes},nr_inodes=4096,mode=755,nosuid,nodev,noexec`;
  await mounting('mount', ['-t', 'tmpfs', '-o', options, 'vxmig-log', directory]);
}

/** Takes away all that is mounted below; also what somebody still has open, who then has the last of it. */
export async function unmountBelow(directory: string): Promise<void> {
  for (const mount of (await observeMounts(directory)).reverse()) await mounting('umount', ['--lazy', mount]);
}

/** What is mounted there or below, in the order in which it was. */
export async function observeMounts(directory: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mounts', 'utf8')).split('\n');
  const mounts = lines.map((line) => line.split(' ')[1] ?? '');
  return mounts.filter((mount) => mount === directory || mount.startsWith(`${directory}/`));
}

async function mounting(program: string, argv: readonly string[]): Promise<void> {
  const { failed, stderr } = await execa(program, argv, { reject: false });
  if (failed)
    throw new VxmigError('LAB', `${program} ${argv.join(' ')}: ${stderr.trim()}`, { where: argv.at(-1) ?? '' });
}
