import { type JobStats, parseJobStats } from '../measure/jobinfo.js';
import { VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import type { MigrationContext } from './context.js';
import { note } from './context.js';
import { GATE_SHUT, type GateState, NEAR_MS, nextGateStep, SHUT_DOWNTIME_MS, withinLimit } from './gate.js';
import { readQueues } from './queues.js';
import { whyUnready } from './ready.js';
import { until } from './until.js';

const PROGRESS_INTERVAL_MS = 250;
/** How often the copy is looked at when the redirect waits for its end. */
const GATE_INTERVAL_MS = 10;
/** While the end is far: looking costs QEMU time that the copy wants. */
const FAR_INTERVAL_MS = 50;
const RECENT_LOOKS = 12;

/**
 * The memory is copied while the guest runs. With the redirect QEMU is kept from pausing the guest, and the stage ends when little is left;
 * without it, when QEMU pauses the guest. And when the command ends.
 */
export async function copy(context: MigrationContext): Promise<void> {
  const { source, domain, options, vm } = context;
  context.copyBeganAtMs = Date.now();
  const command = await source.migrate({
    domain,
    destinationUri: context.destinationUri,
    migrateAddress: context.destinationAddress,
    postCopy: options.strategy === 'post-copy',
    waitForPostCopy: options.redirect,
    autoConverge: options.strategy === 'auto-converge',
    bandwidthBytesPerSecond: options.bandwidthBytesPerSecond,
  });
  context.command = command;
  const paused = () => command.isOver || context.stoppedAtMs !== null;
  const deadline = performance.now() + options.timeoutMs;
  const looks = new RecentLooks();
  const guestBytes = guestMemoryBytes(context.domainXml);
  let gate: GateState = GATE_SHUT;
  let shut = false;
  let toldMs = Number.NEGATIVE_INFINITY;
  while (!(await until(paused, lookAgainMs(context, gate), context.signal))) {
    if (performance.now() > deadline) {
      throw new VxmigError('MIGRATION_ROLLED_BACK', lateCopy(context), {
        where: vm.name,
        hint: 'The guest may dirty memory faster than it can be sent: raise `migration.timeout`, or use the strategy auto-converge or post-copy.',
      });
    }
    const askedMs = performance.now();
    const stats = parseJobStats(await (context.control?.jobStats() ?? source.jobStats(domain, 'running')));
    const nowMs = performance.now();
    looks.add(nowMs - askedMs + GATE_INTERVAL_MS);
    if (stats === null) continue;
    if (!shut) {
      shut = true;
      // Not before the job is there: libvirt would take it for what the VM is to have afterwards.
      await context.control?.setMaxDowntime(SHUT_DOWNTIME_MS);
    }
    // Once memory flows, the destination's QEMU has opened its taps.
    if (context.queuesBefore === null && (stats.memoryProcessedBytes ?? 0) > 0) {
      context.queuesBefore = readQueues(context);
      if (context.control !== null) {
        await primeTaps(context);
        context.unready = whyUnready(context);
      }
    }
    if (context.control !== null) {
      const step = nextGateStep(gate, stats, { strategy: options.strategy, lookMs: looks.worst, guestBytes });
      if (step.kind === 'ready') {
        context.downtimeMs = step.downtimeMs;
        await context.control.setSpeed(withinLimit(step.mibPerSecond, options.bandwidthBytesPerSecond));
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
  const { exitCode, stderr } = await command.ended;
  if (exitCode === 0) return;
  throw new VxmigError(
    'MIGRATION_ROLLED_BACK',
    `virsh migrate failed on ${source.name}: ${stderr.trim() || 'it said nothing'}`,
    {
      where: vm.name,
      hint: `The VM stays on ${source.name}. What QEMU has said is on both hosts: \`${shellLine(['tail', `/var/log/libvirt/qemu/${domain}.log`])}\`; libvirtd’s own words: \`journalctl -u libvirtd\`.`,
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

/** What is said of a copy that takes longer than it may. */
export function lateCopy({ vm, options }: MigrationContext): string {
  return `the copy of ${vm.name} did not end within ${options.timeoutMs} ms`;
}

/** libvirt prints it in KiB always (formatdomain, "Memory Allocation"). */
function guestMemoryBytes(domainXml: string): number | null {
  const kib = /<memory unit=['"]KiB['"][^>]*>(\d+)</.exec(domainXml)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** How long the last looks took: a machine that was too busy a moment ago still is. */
class RecentLooks {
  readonly #tookMs: number[] = [];

  add(ms: number): void {
    this.#tookMs.push(ms);
    if (this.#tookMs.length > RECENT_LOOKS) this.#tookMs.shift();
  }

  get worst(): number {
    return Math.max(0, ...this.#tookMs);
  }
}

function lookAgainMs(context: MigrationContext, gate: GateState): number {
  if (context.control === null) return PROGRESS_INTERVAL_MS;
  return gate.phase === 'sprint' && gate.leftMs > NEAR_MS ? FAR_INTERVAL_MS : GATE_INTERVAL_MS;
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
    throttlePercent: stats.autoConvergeThrottlePercent,
    iteration: stats.iteration,
  });
}
