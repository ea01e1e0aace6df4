import { parseJobStats, transferFigures } from '../measure/jobinfo.js';
import { VxmigError } from '../model/errors.js';
import type { MigrationContext } from './context.js';
import { urge } from './redirect.js';
import { until } from './until.js';

const RESUME_TIMEOUT_MS = 5_000;

/** QEMU sends the rest, the guest runs at the destination, and libvirt ends it at the source. From here there is no way back. */
export async function switchOver(context: MigrationContext): Promise<void> {
  const { command, source, destination, domain } = context;
  if (command === null) throw new Error('switch over without a copy');
  let over = false;
  void command.ended.then(() => {
    over = true;
  });
  await urge(context, () => over);
  const { exitCode, stderr } = await command.ended;
  if (exitCode !== 0) {
    throw new VxmigError(
      'MIGRATION_FAILED',
      `virsh migrate failed on ${source.name}: ${stderr.trim() || 'it said nothing'}`,
      { where: domain },
    );
  }
  // The event may be a moment behind the command's end; without it times after the resume cannot be told.
  await until(() => context.resumedAtMs !== null, RESUME_TIMEOUT_MS);
  const stats = parseJobStats(await destination.jobStats(domain, 'completed'));
  context.transfer = stats === null ? null : transferFigures(stats);
}
