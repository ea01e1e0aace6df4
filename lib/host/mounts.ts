import { readFileSync } from 'node:fs';
import type { Command } from '../model/command.js';
import { CommandError, VxmigError } from '../model/errors.js';
import type { MountMark, MountPoint, MountRemoval, MountSight, MountStep } from '../model/mount.js';
import type { HostShell } from './connection.js';

const LOOK = readFileSync(new URL('../../../lib/host/mount-sight.sh', import.meta.url), 'utf8');
const MARKS = readFileSync(new URL('../../../lib/host/mount-marks.sh', import.meta.url), 'utf8');
const MOUNT_STORAGE = readFileSync(new URL('../../../lib/host/mount-storage.sh', import.meta.url), 'utf8');
const MOUNT = `${MARKS}\n${MOUNT_STORAGE}`;
const UNMOUNT_STORAGE = readFileSync(new URL('../../../lib/host/unmount-storage.sh', import.meta.url), 'utf8');
const UNMOUNT = `${MARKS}\n${UNMOUNT_STORAGE}`;
/** Above the scripts' own. */
const TIMEOUT_MS = 90_000;

export function mountCommand({ topology, storage, source, path, options }: MountStep): Required<Command> {
  return { argv: ['sh', '-s', '--', topology, storage, source, path, options], stdin: MOUNT };
}

export function unmountCommand({ topology, storage }: MountRemoval): Required<Command> {
  return { argv: ['sh', '-s', '--', topology, storage], stdin: UNMOUNT };
}

/** @throws VxmigError APPLY_FAILED; nothing is mounted then */
export async function mountStorage(shell: HostShell, step: MountStep): Promise<void> {
  await run(shell, mountCommand(step), (why) => ({
    message: `${step.source} could not be mounted at ${step.path} on ${shell.name}: ${why}`,
    hint:
      `See on ${shell.name} with \`mount -t nfs -o ${step.options}\` by hand; the server must export it to ` +
      `${shell.name}, and know the version that \`options\` of the storage says (vxmig's own: vers=4.2).`,
  }));
}

/** @throws VxmigError APPLY_FAILED where it is in use */
export async function unmountStorage(shell: HostShell, removal: MountRemoval): Promise<void> {
  await run(shell, unmountCommand(removal), (why) => ({
    message: `on ${shell.name} ${why}`,
    hint: `\`fuser -vm ${removal.path}\` there shows who uses it. Then run the same again.`,
  }));
}

async function run(
  shell: HostShell,
  { argv, stdin }: Required<Command>,
  words: (why: string) => { readonly message: string; readonly hint: string },
): Promise<void> {
  try {
    await shell.run(argv, { stdin, timeoutMs: TIMEOUT_MS });
  } catch (cause) {
    if (!(cause instanceof CommandError) || cause.exitCode === null) throw cause;
    const { message, hint } = words(cause.stderr.trim().split('\n').join('; '));
    throw new VxmigError('APPLY_FAILED', message, { where: shell.name, hint, cause });
  }
}

/** Only reads. @throws CommandError, VxmigError SSH_CONNECT */
export async function observeMounts(shell: HostShell, topology: string, paths: readonly string[]): Promise<MountSight> {
  const { stdout } = await shell.run(['sh', '-s', '--', topology, ...paths], { stdin: LOOK, timeoutMs: TIMEOUT_MS });
  return mountSight(stdout);
}

/** Of mount-sight.sh. */
export function mountSight(text: string): MountSight {
  const values = (key: string) => [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
  return {
    hasClient: values('client').length > 0,
    hasHelper: values('helper').length > 0,
    points: values('point').flatMap(pointIn),
    marks: values('mark').flatMap(markIn),
    others: values('other'),
    filled: values('filled'),
  };
}

function pointIn(line: string): MountPoint[] {
  const [own = '', of = ''] = line.split(' - ', 2);
  const [id = '', , , , path = '', options = ''] = own.split(' ').map(plain);
  const [type = '', source = '', rest = ''] = of.split(' ').map(plain);
  return path === '' ? [] : [{ id, path, type, source, options: [...options.split(','), ...rest.split(',')] }];
}

/** The kernel writes blanks, line breaks and backslashes by their octal numbers. */
function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function markIn(line: string): MountMark[] {
  const [, storage, id, path] = /^(\S+) (\S+) (.+)$/.exec(line) ?? [];
  return storage === undefined || id === undefined || path === undefined ? [] : [{ storage, id, path }];
}
