import type { TransferFigures } from '../model/migration-result.js';

/** virDomainJobType, libvirt-domain.h. */
const JOB_TYPES = ['none', 'bounded', 'unbounded', 'completed', 'failed', 'cancelled'] as const;
export type JobType = (typeof JOB_TYPES)[number];

/**
 * What is asked of the statistics of a libvirt job. null: libvirt did not report it, which it does for every field that
 * does not apply (yet).
 */
export interface JobStats {
  readonly type: JobType;
  readonly elapsedMs: number | null;
  /** Of a completed job what the guest was stopped for; of a running one what QEMU expects (its limit, at first). */
  readonly downtimeMs: number | null;
  /** Memory, disks and the rest together. */
  readonly dataProcessedBytes: number | null;
  /** Of disks that are copied. */
  readonly diskTotalBytes: number | null;
  readonly diskProcessedBytes: number | null;
  readonly memoryTotalBytes: number | null;
  readonly memoryProcessedBytes: number | null;
  readonly memoryRemainingBytes: number | null;
  readonly memoryBytesPerSecond: number | null;
  readonly pageSizeBytes: number | null;
  readonly dirtyPagesPerSecond: number | null;
  readonly iteration: number | null;
  readonly autoConvergeThrottlePercent: number | null;
}

/**
 * Reads what `virsh domjobinfo --rawstats` prints, of a running job or with `--completed`: a line `Job type: N`, an
 * empty line, then `field: value` lines with the names of libvirt-domain.h (VIR_DOMAIN_JOB_*). Unknown fields are left
 * alone: newer versions of libvirt add some. null where the output holds no job type at all.
 */
export function parseJobStats(output: string): JobStats | null {
  const fields = new Map<string, string>();
  for (const line of output.split('\n')) {
    const [, name, value] = /^\s*([A-Za-z_][A-Za-z_. ]*?)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields.set(name.toLowerCase(), value);
  }
  const type = fields.get('job type');
  if (type === undefined) return null;
  const number = (name: string): number | null => {
    const value = fields.get(name);
    return value !== undefined && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : null;
  };
  return {
    type: JOB_TYPES[Number(type)] ?? 'none',
    elapsedMs: number('time_elapsed'),
    downtimeMs: number('downtime'),
    dataProcessedBytes: number('data_processed'),
    diskTotalBytes: number('disk_total'),
    diskProcessedBytes: number('disk_processed'),
    memoryTotalBytes: number('memory_total'),
    memoryProcessedBytes: number('memory_processed'),
    // Until QEMU has counted the guest's memory all its figures are 0: "nothing remains" would read as "almost done".
    memoryRemainingBytes: number('memory_total') === 0 ? null : number('memory_remaining'),
    memoryBytesPerSecond: number('memory_bps'),
    pageSizeBytes: number('memory_page_size'),
    dirtyPagesPerSecond: number('memory_dirty_rate'),
    iteration: number('memory_iteration'),
    autoConvergeThrottlePercent: number('auto_converge_throttle'),
  };
}

/**
 * The figures of a completed job. null where the statistics are not those of one: after post-copy, for instance,
 * libvirt's destination has dropped them. The throughput is QEMU's (of the time it was sending); where it is missing,
 * bytes by duration.
 */
export function transferFigures(stats: JobStats): TransferFigures | null {
  const { elapsedMs } = stats;
  const transferredBytes = stats.dataProcessedBytes ?? stats.memoryProcessedBytes;
  if (stats.type !== 'completed' || elapsedMs === null || transferredBytes === null) return null;
  const overall = elapsedMs === 0 ? 0 : Math.round((transferredBytes / elapsedMs) * 1000);
  return {
    durationMs: elapsedMs,
    downtimeMs: stats.downtimeMs,
    transferredBytes,
    memoryBytes: stats.memoryProcessedBytes,
    iterations: stats.iteration ?? 0,
    throughputBytesPerSecond: stats.memoryBytesPerSecond || overall,
  };
}
