import { parseJobStats, transferFigures } from '../measure/jobinfo.js';
import { VxmigError } from '../model/errors.js';
import { abort } from './abort.js';
import { failureText } from './cause.js';
import type { MigrationContext } from './context.js';
import { lateCopy } from './copy.js';
import { urge } from './redirect.js';
import { until } from './until.js';

const WAKE_TIMEOUT_MS = 1_000;
const RESUME_TIMEOUT_MS = 5_000;

/** A guest that stands still for so long has lost more than a migration is worth. */
const PAUSE_LIMIT_MS = 5_000;
/** What libvirt may take to end it at the source when the guest runs at the destination. */
const END_LIMIT_MS = 30_000;

/**
 * Why the switchover will not come to its end by itself, in words; null: it may. Where the two ends cannot reach each other any more nothing else tells: TCP
 * waits for a quarter of an hour. A guest in post-copy cannot go back, so it is given the time.
 */
function stuck(context: MigrationContext): string | null {
  const { options, copyBeganAtMs, stoppedAtMs, resumedAtMs, vm } = context;
  const since = (atMs: number) => Date.now() - atMs;
  if (resumedAtMs !== null) return since(resumedAtMs) > END_LIMIT_MS ? 'libvirt does not end it at the source' : null;
  if (options.strategy === 'post-copy') return null;
  if (stoppedAtMs !== null)
    return since(stoppedAtMs) > PAUSE_LIMIT_MS ? `${vm.name} has been paused for ${PAUSE_LIMIT_MS} ms` : null;
  const beganAtMs = copyBeganAtMs ?? Date.now();
  return since(beganAtMs) > options.timeoutMs ? lateCopy(context) : null;
}

/** QEMU sends the rest, the guest runs at the destination, and libvirt ends it at the source. From here there is no way back. */
export async function switchOver(context: MigrationContext): Promise<void> {
  const { command, source, destination, domain } = context;
  if (command === null) throw new Error('switch over without a copy');
  await urge(context, () => command.isOver);
  await until(() => command.isOver || stuck(context) !== null, Number.POSITIVE_INFINITY);
  const why = command.isOver ? null : stuck(context);
  if (why !== null) {
    await abort(context);
    throw new VxmigError('MIGRATION_FAILED', why, {
      where: domain,
      hint: `Does the underlay carry packets from ${source.name} to ${destination.name}? \`vxmig verify FILE\` looks.`,
    });
  }
  const { exitCode, stderr } = await command.ended;
  if (exitCode !== 0) {
    throw new VxmigError('MIGRATION_FAILED', await failureText(context, stderr), { where: domain });
  }
  // The event may be a moment behind the command's end; without it times after the resume cannot be told.
  const seen = () => context.resumedAtMs !== null;
  if (!(await until(seen, WAKE_TIMEOUT_MS))) await wake(context);
  await until(seen, RESUME_TIMEOUT_MS);
  const stats = parseJobStats(await destination.jobStats(domain, 'completed'));
  const figures = stats === null ? null : transferFigures(stats);
  context.transfer = figures && { ...figures, downtimeMs: downtime(context) ?? figures.downtimeMs };
}

function downtime({ stoppedAtMs, resumedAtMs }: MigrationContext): number | null {
  return stoppedAtMs === null || resumedAtMs === null ? null : Math.max(0, Math.round(resumedAtMs - stoppedAtMs));
}

/** The source lets it run, unless it could not reach the destination. */
async function wake({ destination, domain }: MigrationContext): Promise<void> {
  if ((await destination.domain(domain))?.state === 'paused') await destination.resume(domain);
}
