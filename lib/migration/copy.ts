import { parseJobStats } from '../measure/jobinfo.js';
import { VxmigError } from '../model/errors.js';
import { beginAnnouncing } from './announce.js';
import type { MigrationContext } from './context.js';
import { byController, note } from './context.js';
import { until } from './probes.js';
import { whereabouts } from './whereabouts.js';

const PROGRESS_INTERVAL_MS = 250;
const ABORT_TIMEOUT_MS = 20_000;

/** The memory is copied while the guest runs; the stage ends when QEMU pauses the guest at the source, or the command ends. */
export async function copy(context: MigrationContext): Promise<void> {
  const { source, destination, domain, options, topology, vm } = context;
  await followSwitch(context);
  for (const nic of vm.nics) await followTables(context, nic.network, nic.mac);
  context.command = await source.migrate({
    domain,
    destinationUri: context.destinationUri,
    migrateAddress: context.destinationAddress,
    postCopy: options.strategy === 'post-copy',
    autoConverge: options.strategy === 'auto-converge',
    bandwidthBytesPerSecond: options.bandwidthBytesPerSecond,
  });
  let over = false;
  void context.command.ended.then(() => {
    over = true;
  });
  const paused = () => over || context.stoppedAtMs !== null;
  const deadline = performance.now() + options.timeoutMs;
  while (!(await until(paused, PROGRESS_INTERVAL_MS, context.signal))) {
    if (performance.now() > deadline) {
      throw new VxmigError(
        'MIGRATION_ROLLED_BACK',
        `the copy of ${vm.name} did not end within ${options.timeoutMs} ms`,
        {
          where: vm.name,
          hint: 'The guest may dirty memory faster than it can be sent: raise `migration.timeout`, or use the strategy auto-converge or post-copy.',
        },
      );
    }
    await progress(context);
  }
  if (context.stoppedAtMs !== null) return;
  const { exitCode, stderr } = await context.command.ended;
  if (exitCode === 0) return;
  throw new VxmigError(
    'MIGRATION_ROLLED_BACK',
    `virsh migrate failed on ${source.name}: ${stderr.trim() || 'it said nothing'}`,
    {
      where: vm.name,
      hint: `${topology.name}: the VM stays on ${source.name}; look at libvirt's log on ${source.name} and ${destination.name}.`,
    },
  );
}

/** Stops the copy and makes sure that the VM runs where it was. */
export async function abortCopy(context: MigrationContext): Promise<void> {
  const { command, source, destination, domain } = context;
  if (command === null) return;
  await source.abortMigration(domain);
  let over = false;
  void command.ended.then(() => {
    over = true;
  });
  const ended = await until(() => over, ABORT_TIMEOUT_MS);
  const place = await whereabouts(domain, source, destination);
  if (ended && place === 'source') {
    // A guest that was paused for the switchover when the copy failed is woken by libvirt; this is for when it did not.
    if ((await source.domain(domain))?.state === 'paused') await source.resume(domain);
    return;
  }
  throw new VxmigError('MIGRATION_FAILED', `after the copy was aborted the VM ${context.vm.name} is at: ${place}`, {
    where: domain,
    hint: `Look at \`virsh domstate ${domain}\` on ${source.name} and on ${destination.name} before anything else.`,
  });
}

async function progress(context: MigrationContext): Promise<void> {
  const stats = parseJobStats(await context.source.jobStats(context.domain, 'running'));
  if (stats === null || stats.memoryProcessedBytes === null) return;
  const { dirtyPagesPerSecond, pageSizeBytes } = stats;
  context.emit({
    kind: 'copy-progress',
    vm: context.vm.name,
    processedBytes: stats.memoryProcessedBytes,
    remainingBytes: stats.memoryRemainingBytes ?? 0,
    totalBytes: stats.memoryTotalBytes ?? 0,
    bytesPerSecond: stats.memoryBytesPerSecond,
    dirtyBytesPerSecond:
      dirtyPagesPerSecond === null || pageSizeBytes === null ? null : dirtyPagesPerSecond * pageSizeBytes,
    iteration: stats.iteration,
  });
}

/** STOP at the source and RESUME at the destination, by QEMU's own time stamps. */
async function followSwitch(context: MigrationContext): Promise<void> {
  const { source, destination, domain } = context;
  const followers = await Promise.all([
    source.followQemuEvents(domain, (event) => {
      if (event.event !== 'STOP') return;
      context.stoppedAtMs = byController(context, source.name, event.atMs);
      note(context, source.name, context.stoppedAtMs, 'QEMU paused the guest');
    }),
    destination.followQemuEvents(domain, (event) => {
      if (event.event !== 'RESUME') return;
      context.resumedAtMs = byController(context, destination.name, event.atMs);
      note(context, destination.name, context.resumedAtMs, 'QEMU runs the guest');
      beginAnnouncing(context);
    }),
  ]);
  context.followers.push(...followers);
}

async function followTables(context: MigrationContext, network: string, mac: string): Promise<void> {
  const followers = await Promise.all(
    context.hosts.map(async (host) => {
      const moves = context.fdbMoves.get(`${host.name} ${network} ${mac}`) ?? [];
      context.fdbMoves.set(`${host.name} ${network} ${mac}`, moves);
      return await host.followFdb(network, mac, (move) => {
        const atMs = byController(context, host.name, move.atMs);
        moves.push({ ...move, atMs });
        note(context, host.name, atMs, `${mac} is ${move.place === null ? 'forgotten' : `at ${move.place}`}`);
      });
    }),
  );
  context.followers.push(...followers);
}
