import { readFileSync } from 'node:fs';
import { isOnServer } from '../model/storage.js';
import { markText } from '../model/volume-sight.js';
import type { VolumeRemoval, VolumeStep } from '../model/volume-step.js';
import type { HostShell } from './connection.js';

const MAKE = readFileSync(new URL('../../../lib/host/make-volume.sh', import.meta.url), 'utf8');
const MAKE_NFS = readFileSync(new URL('../../../lib/host/make-nfs-volume.sh', import.meta.url), 'utf8');
const REMOVE = readFileSync(new URL('../../../lib/host/remove-volume.sh', import.meta.url), 'utf8');
/** To copy an image takes as long as the storage takes; nothing else waits for it. */
const MAKE_TIMEOUT_MS = 3_600_000;

/** @throws CommandError; nothing is left then, but for what it says */
export async function makeVolume(shell: HostShell, step: VolumeStep): Promise<void> {
  const { place, format, sizeBytes, base, mark } = step;
  const argv = ['sh', '-s', '--', place, format, String(sizeBytes ?? 0), base ?? '', markText(mark)];
  await shell.run(argv, { stdin: isOnServer(place) ? MAKE_NFS : MAKE, timeoutMs: MAKE_TIMEOUT_MS });
}

/** @throws CommandError where it is in use, or another's */
export async function removeVolume(shell: HostShell, { place, mark }: VolumeRemoval): Promise<void> {
  await shell.run(['sh', '-s', '--', place, markText(mark).trimEnd()], { stdin: REMOVE });
}
