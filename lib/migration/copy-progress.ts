import type { JobStats } from '../measure/jobinfo.js';
import type { Run } from './migration.js';

/** How far the copy has come. */
export function tellProgress({ vm, journal }: Pick<Run, 'vm' | 'journal'>, stats: JobStats): void {
  const { dirtyPagesPerSecond, pageSizeBytes, diskProcessedBytes, diskTotalBytes } = stats;
  if (stats.memoryProcessedBytes === null && !diskTotalBytes) return;
  journal.emit({
    kind: 'copy-progress',
    vm: vm.name,
    processedBytes: stats.memoryProcessedBytes ?? 0,
    disks: diskTotalBytes ? { processedBytes: diskProcessedBytes ?? 0, totalBytes: diskTotalBytes } : null,
    remainingBytes: stats.memoryRemainingBytes ?? 0,
    totalBytes: stats.memoryTotalBytes ?? 0,
    bytesPerSecond: stats.memoryBytesPerSecond,
    dirtyBytesPerSecond:
      dirtyPagesPerSecond === null || pageSizeBytes === null ? null : dirtyPagesPerSecond * pageSizeBytes,
    throttlePercent: stats.autoConvergeThrottlePercent,
    iteration: stats.iteration,
  });
}
