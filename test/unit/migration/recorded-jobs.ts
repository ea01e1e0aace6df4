import { readFileSync } from 'node:fs';
import { type JobStats, parseJobStats } from '../../../lib/measure/jobinfo.js';

const FIXTURES = new URL('../../../../test/unit/migration/fixtures/', import.meta.url);

export interface Look {
  /** Since the copy began. */
  readonly atMs: number;
  readonly stats: JobStats;
}

/**
 * What `virsh domjobinfo --rawstats` said at every look at a migration of the lab's guest (128 MiB, TCG, QEMU 10.0.2,
 * libvirt 11.3; of the first pass every sixth look, and without the fields that nobody reads). QEMU was kept from
 * pausing the guest all the while, by a downtime of 1 ms:
 * - `idle`: up to the second pass;
 * - `busy-5-mib`, `busy-20-mib`: the guest writes 5 or 20 MiB/s, round and round over 16 MiB;
 * - `never-converging`: 60 MiB/s over 16 MiB, which no pass of that link brings below 300 ms.
 */
export function recordedLooks(name: 'idle' | 'busy-5-mib' | 'busy-20-mib' | 'never-converging'): Look[] {
  const lines = readFileSync(new URL(`${name}.jsonl`, FIXTURES), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => {
    const { atMs, stats: fields }: { atMs: number; stats: Record<string, unknown> } = JSON.parse(line);
    const text = Object.entries(fields).map(([field, value]) => `${field}: ${String(value)}`);
    const stats = parseJobStats(text.join('\n'));
    if (stats === null) throw new Error(`${name}: ${line} is no statistics`);
    return { atMs, stats };
  });
}

/**
 * What QEMU would have found left at the end of the pass that runs at that look, after it had asked what was dirtied
 * meanwhile, in milliseconds at the speed it measured: it pauses the guest where that is no more than the allowed
 * downtime. null: the recording ends before.
 */
export function leftAtPassEndMs(looks: readonly Look[], index: number): number | null {
  const pass = looks[index]?.stats.iteration ?? 0;
  const next = looks.slice(index).find(({ stats }) => (stats.iteration ?? 0) > pass)?.stats;
  if (next?.memoryRemainingBytes === undefined || next.memoryRemainingBytes === null) return null;
  return next.memoryBytesPerSecond === null ? null : (next.memoryRemainingBytes / next.memoryBytesPerSecond) * 1000;
}
