import { readFileSync } from 'node:fs';
import { type ImageSight, readMark, type VolumeSight } from '../model/volume-sight.js';
import type { HostShell } from './connection.js';
import { NFS_LOOK } from './nfs-look.js';

const LOOK = readFileSync(new URL('../../../lib/host/volume-sight.sh', import.meta.url), 'utf8');
const SCRIPT = `${NFS_LOOK}\n${LOOK}`;
/** Storage that stands still must not hold up everything else. */
const LOOK_TIMEOUT_MS = 60_000;

/**
 * In the places' order. Only reads.
 *
 * @param formatOf as which an image is read; empty: as what it looks like, which a guest can make of its raw disk
 * @throws CommandError, VxmigError SSH_CONNECT
 */
export async function observeVolumes(
  shell: HostShell,
  places: readonly string[],
  formatOf: (place: string) => string = () => '',
): Promise<VolumeSight[]> {
  if (places.length === 0) return [];
  const { stdout } = await shell.run(['sh', '-s', '--', ...places.flatMap((place) => [formatOf(place), place])], {
    stdin: SCRIPT,
    timeoutMs: LOOK_TIMEOUT_MS,
  });
  const [, ...answers] = stdout.split(/^=== (?:volume|end)\n/m);
  return places.map((place, index) => volumeSight(place, answers[index] ?? ''));
}

/** Of one answer of volume-sight.sh. */
export function volumeSight(place: string, answer: string): VolumeSight {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(answer)?.[1] ?? null;
  const free = value('free');
  const mark = value('mark');
  return {
    place,
    image: bareSight(value) ?? imageSight(value('info'), value('silence')),
    mark: mark === null ? null : readMark(mark),
    freeBytes: free === null || !/^\d+$/.test(free) ? null : Number(free),
  };
}

/** Where there is no image that could be looked at; null: there may be one. */
function bareSight(value: (key: string) => string | null): ImageSight | null {
  const driver = value('undriven');
  if (driver !== null) return { kind: 'undriven', driver };
  if (value('half') !== null) return { kind: 'half-made' };
  return value('absent') === null ? null : { kind: 'absent' };
}

function imageSight(info: string | null, silence: string | null): ImageSight {
  if (info === null) return { kind: 'silent', why: silence ?? 'it was not looked at' };
  try {
    const { format, 'virtual-size': sizeBytes, 'actual-size': allocatedBytes, ...rest } = JSON.parse(info);
    const data = rest['format-specific']?.data?.['data-file'];
    if (typeof format === 'string' && typeof sizeBytes === 'number')
      return {
        kind: 'there',
        format,
        sizeBytes,
        allocatedBytes: typeof allocatedBytes === 'number' ? allocatedBytes : sizeBytes,
        backing: backingOf(rest),
        hasDataFile: typeof data === 'string',
      };
  } catch {
    // As below.
  }
  return { kind: 'silent', why: `qemu-img says of it ${info.slice(0, 200)}` };
}

/** As qemu-img has resolved it, where it has. */
function backingOf(info: Record<string, unknown>): Extract<ImageSight, { kind: 'there' }>['backing'] {
  const path = info['full-backing-filename'] ?? info['backing-filename'];
  const format = info['backing-filename-format'];
  return typeof path === 'string' ? { path, format: typeof format === 'string' ? format : null } : null;
}
