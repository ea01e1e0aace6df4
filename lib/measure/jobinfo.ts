import type { TransferFigures } from '../model/migration-result.js';

/** virDomainJobType, libvirt-domain.h. */
const JOB_TYPES = ['none', 'bounded', 'unbounded', 'completed', 'failed', 'cancelled'] as const;
/** virDomainJobOperation, libvirt-domain.h. */
const OPERATIONS = [
  'unknown',
  'start',
  'save',
  'restore',
  'migration-in',
  'migration-out',
  'snapshot',
  'snapshot-revert',
  'dump',
  'backup',
  'snapshot-delete',
] as const;

export type JobType = (typeof JOB_TYPES)[number];
export type JobOperation = (typeof OPERATIONS)[number];

/**
 * Statistics of a libvirt job. null: libvirt did not report it, which it does for every field that does not apply
 * (yet).
 */
export interface JobStats {
  readonly type: JobType;
  readonly operation: JobOperation;
  readonly elapsedMs: number | null;
  /** Measured without the clocks of the two hosts; told by the destination of a completed migration. */
  readonly elapsedNetMs: number | null;
  readonly remainingMs: number | null;
  /** Of a completed job what the guest was stopped for; of a running one what QEMU expects (its limit, at first). */
  readonly downtimeMs: number | null;
  readonly downtimeNetMs: number | null;
  readonly setupMs: number | null;
  /** Memory, disks and the rest together. */
  readonly dataTotalBytes: number | null;
  readonly dataProcessedBytes: number | null;
  readonly dataRemainingBytes: number | null;
  readonly memoryTotalBytes: number | null;
  readonly memoryProcessedBytes: number | null;
  readonly memoryRemainingBytes: number | null;
  readonly memoryBytesPerSecond: number | null;
  /** Pages, not bytes, that are filled with one value and were sent as such. */
  readonly memoryConstantPages: number | null;
  readonly memoryNormalPages: number | null;
  readonly memoryNormalBytes: number | null;
  readonly pageSizeBytes: number | null;
  readonly dirtyPagesPerSecond: number | null;
  readonly iteration: number | null;
  /** Pages that the destination asked for before they came by themselves. */
  readonly postcopyRequests: number | null;
  readonly autoConvergeThrottlePercent: number | null;
  readonly diskTotalBytes: number | null;
  readonly diskProcessedBytes: number | null;
  readonly diskRemainingBytes: number | null;
  readonly diskBytesPerSecond: number | null;
  /** libvirt's message for a failed job. */
  readonly errorMessage: string | null;
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
  // Until QEMU has counted the guest's memory all its figures are 0: "nothing remains" would be read as "almost done".
  const counted = (name: string, total: string) => (number(total) === 0 ? null : number(name));
  return {
    type: JOB_TYPES[Number(type)] ?? 'none',
    operation: OPERATIONS[number('operation') ?? 0] ?? 'unknown',
    elapsedMs: number('time_elapsed'),
    elapsedNetMs: number('time_elapsed_net'),
    remainingMs: number('time_remaining'),
    downtimeMs: number('downtime'),
    downtimeNetMs: number('downtime_net'),
    setupMs: number('setup_time'),
    dataTotalBytes: number('data_total'),
    dataProcessedBytes: number('data_processed'),
    dataRemainingBytes: counted('data_remaining', 'data_total'),
    memoryTotalBytes: number('memory_total'),
    memoryProcessedBytes: number('memory_processed'),
    memoryRemainingBytes: counted('memory_remaining', 'memory_total'),
    memoryBytesPerSecond: number('memory_bps'),
    memoryConstantPages: number('memory_constant'),
    memoryNormalPages: number('memory_normal'),
    memoryNormalBytes: number('memory_normal_bytes'),
    pageSizeBytes: number('memory_page_size'),
    dirtyPagesPerSecond: number('memory_dirty_rate'),
    iteration: number('memory_iteration'),
    postcopyRequests: number('memory_postcopy_requests'),
    autoConvergeThrottlePercent: number('auto_converge_throttle'),
    diskTotalBytes: number('disk_total'),
    diskProcessedBytes: number('disk_processed'),
    diskRemainingBytes: number('disk_remaining'),
    diskBytesPerSecond: number('disk_bps'),
    errorMessage: fields.get('errmsg') ?? null,
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
    iterations: stats.iteration ?? 0,
    throughputBytesPerSecond: stats.memoryBytesPerSecond || overall,
  };
}
