import { readFileSync } from 'node:fs';
import type { Command } from '../model/command.js';
import type { DiskCopy } from '../model/disk-copy.js';
import { isOnServer } from '../model/storage.js';
import { markText, type VolumeMark } from '../model/volume-sight.js';
import type { VolumeRemoval, VolumeSettling, VolumeStep } from '../model/volume-step.js';
import type { HostShell } from './connection.js';
import { IMAGE_FORMAT } from './image-format.js';
import { NFS_LOOK } from './nfs-look.js';

const MAKE_VOLUME = readFileSync(new URL('../../../lib/host/make-volume.sh', import.meta.url), 'utf8');
const MAKE = `${IMAGE_FORMAT}\n${MAKE_VOLUME}`;
const MAKE_NFS_VOLUME = readFileSync(new URL('../../../lib/host/make-nfs-volume.sh', import.meta.url), 'utf8');
const MAKE_NFS = [IMAGE_FORMAT, NFS_LOOK, MAKE_NFS_VOLUME].join('\n');
const REMOVE = readFileSync(new URL('../../../lib/host/remove-volume.sh', import.meta.url), 'utf8');
const RECEIVE = readFileSync(new URL('../../../lib/host/receive-volume.sh', import.meta.url), 'utf8');
const SETTLE = readFileSync(new URL('../../../lib/host/settle-volume.sh', import.meta.url), 'utf8');
/** To copy an image takes as long as the storage takes; nothing else waits for it. */
const MAKE_TIMEOUT_MS = 3_600_000;
const SYNC_TIMEOUT_MS = 600_000;

export function makeVolumeCommand({ place, format, sizeBytes, base, mark }: VolumeStep): Required<Command> {
  const argv = ['sh', '-s', '--', place, format, String(sizeBytes ?? 0), base ?? '', markText(mark)];
  return { argv, stdin: isOnServer(place) ? MAKE_NFS : MAKE };
}

/** @throws CommandError; nothing is left then, but for what it says */
export async function makeVolume(shell: HostShell, step: VolumeStep): Promise<void> {
  const { argv, stdin } = makeVolumeCommand(step);
  await shell.run(argv, { stdin, timeoutMs: MAKE_TIMEOUT_MS });
}

/** @throws CommandError where it is in use, or another's */
export async function removeVolume(shell: HostShell, { place, mark }: VolumeRemoval): Promise<void> {
  const { argv, stdin } = removeVolumeCommand({ place, mark });
  await shell.run(argv, { stdin });
}

export function removeVolumeCommand({ place, mark }: VolumeRemoval): Required<Command> {
  return { argv: ['sh', '-s', '--', place, lineOf(mark)], stdin: REMOVE };
}

/** An empty image, as large as the disk that is copied into it. @throws CommandError; nothing is left then */
export async function receiveVolume(shell: HostShell, copy: DiskCopy): Promise<void> {
  const { path, format, sizeBytes, neededBytes, base, arriving, replaces } = copy;
  const numbers = [sizeBytes, neededBytes].map(String);
  const marks = [arriving, ...replaces].map(lineOf);
  const argv = ['sh', '-s', '--', path, format, ...numbers, base?.path ?? '', base?.format ?? '', ...marks];
  await shell.run(argv, { stdin: RECEIVE });
}

/** An image to which its VM has come. @throws CommandError */
export async function settleVolume(shell: HostShell, settled: VolumeSettling): Promise<void> {
  const { argv, stdin } = settleVolumeCommand(settled);
  await shell.run(argv, { stdin, timeoutMs: SYNC_TIMEOUT_MS });
}

export function settleVolumeCommand({ place, from, to }: VolumeSettling): Required<Command> {
  return { argv: ['sh', '-s', '--', place, lineOf(from), to === null ? '' : lineOf(to)], stdin: SETTLE };
}

function lineOf(mark: VolumeMark): string {
  return markText(mark).trimEnd();
}
