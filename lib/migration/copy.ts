import { type JobStats, parseJobStats } from '../measure/jobinfo.js';
import { VxmigError } from '../model/errors.js';
import { beginAnnouncing } from './announce.js';
import type { MigrationContext } from './context.js';
import { byController, note } from './context.js';
import { GATE_SHUT, type GateState, NEAR_MS, nextGateStep, SHUT_DOWNTIME_MS, withinLimit } from './gate.js';
import { until } from './until.js';
import { whereabouts } from './whereabouts.js';

const PROGRESS_INTERVAL_MS = 250;
/** How often the copy is looked at when the redirect waits for its end. */
const GATE_INTERVAL_MS = 10;
/** While the end is far: looking costs QEMU time that the copy wants. */
const FAR_INTERVAL_MS = 50;
const ABORT_TIMEOUT_MS = 20_000;

/**
 * The memory is copied while the guest runs. With the redirect QEMU is kept from pausing the guest, and the stage ends when little is left;
 * without it, when QEMU pauses the guest. And when the command ends.
 */
export async function copy(context: MigrationContext): Promise<void> {
  const { source, destination, domain, options, topology, vm } = context;
  await followSwitch(context);
  for (const nic of vm.nics) await followTables(context, nic.network, nic.mac);
  context.command = await source.migrate({
    domain,
    destinationUri: context.destinationUri,
    migrateAddress: context.destinationAddress,
    postCopy: options.strategy === 'post-copy',
    waitForPostCopy: options.redirect,
    autoConverge: options.strategy === 'auto-converge',
    bandwidthBytesPerSecond: options.bandwidthBytesPerSecond,
  });
  let over = false;
  void context.command.ended.then(() => {
    over = true;
  });
  if (options.redirect) {
    context.control = await source.control(domain);
    await context.control.setMaxDowntime(SHUT_DOWNTIME_MS);
  }
  const paused = () => over || context.stoppedAtMs !== null;
  const deadline = performance.now() + options.timeoutMs;
  let gate: GateState = GATE_SHUT;
  let primed = false;
  let toldMs = Number.NEGATIVE_INFINITY;
  while (!(await until(paused, lookAgainMs(context, gate), context.signal))) {
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
    const stats = parseJobStats(await (context.control?.jobStats() ?? source.jobStats(domain, 'running')));
    if (stats === null) continue;
    const nowMs = performance.now();
    if (context.control !== null) {
      // Once memory flows, the destination's QEMU has opened its taps.
      if (!primed && (stats.memoryProcessedBytes ?? 0) > 0) {
        primed = true;
        await primeTaps(context);
      }
      const step = nextGateStep(gate, stats, options.strategy);
      if (step.kind === 'ready') {
        context.downtimeMs = step.downtimeMs;
        return;
      }
      gate = step.state;
      if (step.kind === 'limit') {
        await context.control.setSpeed(withinLimit(step.mibPerSecond, options.bandwidthBytesPerSecond));
        note(context, source.name, Date.now(), `the copy may send ${step.mibPerSecond} MiB/s (${step.state.phase})`);
      }
    }
    if (nowMs - toldMs >= PROGRESS_INTERVAL_MS) {
      toldMs = nowMs;
      progress(context, stats);
    }
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

/**
 * QEMU reads the first frame from a tap although its guest does not run yet, and drops it when the guest is about to (net/tap.c reads before
 * it asks; net/net.c purges what is queued for a guest that does not run). With that frame it stops reading, and all later ones wait in the
 * tap. So the first one is ours.
 */
async function primeTaps({ vm, destination }: MigrationContext): Promise<void> {
  for (const index of vm.nics.keys()) await destination.primeTap(vm.name, index);
}

function lookAgainMs(context: MigrationContext, gate: GateState): number {
  if (context.control === null) return PROGRESS_INTERVAL_MS;
  return gate.phase === 'sprint' && gate.leftMs > NEAR_MS ? FAR_INTERVAL_MS : GATE_INTERVAL_MS;
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

function progress(context: MigrationContext, stats: JobStats): void {
  if (stats.memoryProcessedBytes === null) return;
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
      for (const follower of context.fdbFollowers) follower.hurry();
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
  context.fdbFollowers.push(...followers);
}
