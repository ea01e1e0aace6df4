import { readFileSync } from 'node:fs';
import type { Command } from '../model/command.js';
import type { DiskCopy } from '../model/disk-copy.js';
import { CommandError, VxmigError } from '../model/errors.js';
import { isOnServer } from '../model/storage.js';
import { markText, markWords, type VolumeMark } from '../model/volume-sight.js';
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
/** Before what a person can do. */
const FIX = 'fix: ';
const SYNC_TIMEOUT_MS = 600_000;

export function makeVolumeCommand({ place, format, sizeBytes, base, mark }: VolumeStep): Required<Command> {
  const argv = ['sh', '-s', '--', place, format, String(sizeBytes ?? 0), base ?? '', markText(mark)];
  return { argv, stdin: isOnServer(place) ? MAKE_NFS : MAKE };
}

/** @throws VxmigError APPLY_FAILED; nothing is left then, but for what it says. CommandError where it was killed */
export async function makeVolume(shell: HostShell, step: VolumeStep): Promise<void> {
  const { argv, stdin } = makeVolumeCommand(step);
  try {
    await shell.run(argv, { stdin, timeoutMs: MAKE_TIMEOUT_MS });
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === 1) throw notMade(shell.name, step, error);
    throw error;
  }
}

/** In the script's own words. */
function notMade(host: string, { place, mark }: VolumeStep, cause: CommandError): VxmigError {
  const lines = cause.stderr.trim().split('\n');
  const fix = lines.find((line) => line.startsWith(FIX))?.slice(FIX.length);
  const why = lines.filter((line) => !line.startsWith(FIX)).join('; ');
  return new VxmigError('APPLY_FAILED', `${place}, for ${markWords(mark)}, could not be made on ${host}: ${why}`, {
    where: `${host} ${place}`,
    hint: fix ?? `Fix what the message says on ${host}, and apply again.`,
    cause,
  });
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
