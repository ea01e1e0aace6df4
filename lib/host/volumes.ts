import { readFileSync } from 'node:fs';
import type { Command } from '../model/command.js';
import { markText } from '../model/volume-sight.js';
import type { VolumeRemoval, VolumeStep } from '../model/volume-step.js';
import type { HostShell } from './connection.js';
import { IMAGE_FORMAT } from './image-format.js';

const MAKE_VOLUME = readFileSync(new URL('../../../lib/host/make-volume.sh', import.meta.url), 'utf8');
const MAKE = `${IMAGE_FORMAT}\n${MAKE_VOLUME}`;
const REMOVE = readFileSync(new URL('../../../lib/host/remove-volume.sh', import.meta.url), 'utf8');
/** To copy an image takes as long as the storage takes; nothing else waits for it. */
const MAKE_TIMEOUT_MS = 3_600_000;

export function makeVolumeCommand({ place, format, sizeBytes, base, mark }: VolumeStep): Required<Command> {
  return { argv: ['sh', '-s', '--', place, format, String(sizeBytes ?? 0), base ?? '', markText(mark)], stdin: MAKE };
}

/** @throws CommandError; nothing is left then */
export async function makeVolume(shell: HostShell, step: VolumeStep): Promise<void> {
  const { argv, stdin } = makeVolumeCommand(step);
  await shell.run(argv, { stdin, timeoutMs: MAKE_TIMEOUT_MS });
}

/** @throws CommandError where it is in use, or another's */
export async function removeVolume(shell: HostShell, { place, mark }: VolumeRemoval): Promise<void> {
  await shell.run(['sh', '-s', '--', place, markText(mark).trimEnd()], { stdin: REMOVE });
}
