import { transferFigures } from '../measure/jobinfo.js';
import { VxmigError } from '../model/errors.js';
import type { TransferFigures } from '../model/migration-result.js';
import { lateCopy } from './cause.js';
import { type Copy, throwIfFailed } from './copy.js';
import type { Run } from './migration.js';
import { pauseLimitMs } from './pause-limit.js';
import { hastenPause } from './redirect.js';
import type { Reservation } from './reserve.js';
import { downtimeMs } from './switchover.js';
import { until } from './until.js';

const WAKE_TIMEOUT_MS = 1_000;
const RESUME_TIMEOUT_MS = 5_000;
/** What libvirt may take to end it at the source when the guest runs at the destination. */
const END_LIMIT_MS = 30_000;

/**
 * QEMU sends the rest, the guest runs at the destination, and the driver ends it at the source. From here there is no
 * way back.
 *
 * @returns what was transferred, as the destination tells; null: it does not
 */
export async function switchOver(run: Run, reservation: Reservation, copy: Copy): Promise<TransferFigures | null> {
  const { source, domain } = run;
  const { job } = copy;
  if (job === null) throw new Error('switch over without a copy');
  await hastenPause(run, reservation, copy);
  await until(() => job.isOver || whyStuck(run, copy) !== null, Number.POSITIVE_INFINITY);
  const why = job.isOver ? null : whyStuck(run, copy);
  if (why !== null) {
    throw new VxmigError('MIGRATION_FAILED', why, {
      where: domain,
      hint:
        `Does the underlay carry packets from ${source.name} to ${run.destination.name}? \`vxmig verify ` +
        'FILE` looks.',
    });
  }
  throwIfFailed(run, await job.outcome);
  return await whatWasTransferred(run);
}

/** The event may be a moment behind the job's end; without it times after the resume cannot be told. */
export async function whatWasTransferred({ switchover, destination, domain }: Run): Promise<TransferFigures | null> {
  const hasArrived = () => switchover.state.phase === 'arrived';
  if (!(await switchover.until(hasArrived, WAKE_TIMEOUT_MS))) {
    // The source lets it run, unless it could not reach the destination.
    if ((await destination.vms.look(domain))?.state === 'paused') await destination.vms.resume(domain);
    await switchover.until(hasArrived, RESUME_TIMEOUT_MS);
  }
  const stats = await destination.vms.lastStatistics(domain);
  const figures = stats === null ? null : transferFigures(stats);
  return figures && { ...figures, downtimeMs: downtimeMs(switchover.state) ?? figures.downtimeMs };
}

/**
 * Why the switchover will not come to its end by itself, in words; null: it may. Where the two ends cannot reach each
 * other any more nothing else tells: TCP waits for a quarter of an hour. A guest whose memory is torn cannot go back,
 * so it is given the time.
 */
function whyStuck(run: Run, copy: Copy): string | null {
  const { switchover, vm } = run;
  const { stoppedAtMs, resumedAtMs, phase, tornSinceMs } = switchover.state;
  const since = (atMs: number) => Date.now() - atMs;
  if (resumedAtMs !== null) return since(resumedAtMs) > END_LIMIT_MS ? 'libvirt does not end it at the source' : null;
  if (tornSinceMs !== null) return null;
  if (stoppedAtMs !== null && phase === 'paused') {
    const limitMs = pauseLimitMs(copy.finish);
    return since(stoppedAtMs) > limitMs ? `${vm.name} has been paused for ${limitMs} ms` : null;
  }
  return copy.flow.isLate ? lateCopy(run) : null;
}
