import { type JobStats, parseJobStats } from '../measure/jobinfo.js';
import { DomainDefinition } from '../model/domain-definition.js';
import { VxmigError } from '../model/errors.js';
import { failureHint, failureText, neverBegan, ofSilence } from './cause.js';
import type { MigrationContext } from './context.js';
import { note } from './context.js';
import {
  GATE_SHUT,
  type GateState,
  type GateStep,
  goOn,
  NEAR_MS,
  nextGateStep,
  SHUT_DOWNTIME_MS,
  withinLimit,
} from './gate.js';
import type { MigrateCommand } from './needs.js';
import { coverNewcomers } from './newcomers.js';
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
  try {
    await copyMemory(context);
  } catch (error) {
    throw await ofSilence(context, error);
  }
}

async function copyMemory(context: MigrationContext): Promise<void> {
  const { source, domain, options } = context;
  if (context.storage === null) throw new Error('a copy without a look at the storage');
  context.copyBeganAtMs = Date.now();
  const command = await source.migrate({
    domain,
    destinationUri: context.destinationUri,
    migrateAddress: context.destinationAddress,
    postCopy: options.strategy === 'post-copy',
    waitForPostCopy: options.redirect,
    autoConverge: options.strategy === 'auto-converge',
    bandwidthBytesPerSecond: options.bandwidthBytesPerSecond,
    storage: context.storage,
  });
  context.command = command;
  const copying: Copying = {
    command,
    deadlineMs: performance.now() + options.timeoutMs,
    looks: new RecentLooks(),
    guestBytes: context.domainXml === '' ? null : DomainDefinition.parse(context.domainXml).memoryBytes,
    gate: GATE_SHUT,
    shut: false,
  };
  context.copyOn = async () => {
    const stats = parseJobStats(await (context.control?.jobStats() ?? ''));
    if (stats !== null) await take(context, copying, goOn(copying.gate, stats));
    await untilReady(context, copying);
  };
  await untilReady(context, copying);
}

interface Copying {
  readonly command: MigrateCommand;
  readonly deadlineMs: number;
  readonly looks: RecentLooks;
  readonly guestBytes: number | null;
  gate: GateState;
  shut: boolean;
}

/** The copy goes on until it is held, or QEMU pauses the guest, or the command ends. */
async function untilReady(context: MigrationContext, copying: Copying): Promise<void> {
  const { source, domain, options, vm } = context;
  const { command, looks } = copying;
  const paused = () => command.isOver || context.stoppedAtMs !== null;
  let toldMs = Number.NEGATIVE_INFINITY;
  // null: QEMU has not said anything yet.
  let sentBytes: number | null = null;
  while (!(await until(paused, lookAgainMs(context, copying.gate), context.signal))) {
    if (performance.now() > copying.deadlineMs) {
      if (sentBytes === 0) throw neverBegan(context);
      throw new VxmigError('MIGRATION_FAILED', lateCopy(context), {
        where: vm.name,
        hint: 'The guest may dirty memory faster than it can be sent: raise `migration.timeout`, or use the strategy auto-converge or post-copy.',
      });
    }
    const askedMs = performance.now();
    const stats = parseJobStats(await (context.control?.jobStats() ?? source.jobStats(domain, 'running')));
    const nowMs = performance.now();
    looks.add(nowMs - askedMs + GATE_INTERVAL_MS);
    if (stats === null) continue;
    sentBytes = stats.memoryProcessedBytes ?? sentBytes;
    if (!copying.shut) {
      copying.shut = true;
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
      const { gate, guestBytes } = copying;
      const step = nextGateStep(gate, stats, { strategy: options.strategy, lookMs: looks.worst, guestBytes });
      await take(context, copying, step);
      if (step.kind === 'ready') return;
    }
    if (copying.gate.phase === 'sprint' && copying.gate.leftMs > NEAR_MS) coverNewcomers(context);
    if (nowMs - toldMs >= PROGRESS_INTERVAL_MS) {
      toldMs = nowMs;
      progress(context, stats);
    }
  }
  if (context.stoppedAtMs !== null) return;
  const { exitCode, stderr } = await command.ended;
  if (exitCode === 0) return;
  throw new VxmigError('MIGRATION_FAILED', await failureText(context, stderr), {
    where: vm.name,
    hint: failureHint(context),
  });
}

/** Does what the gate says. */
async function take(context: MigrationContext, copying: Copying, step: GateStep): Promise<void> {
  copying.gate = step.state;
  if (step.kind === 'wait') return;
  await context.control?.setSpeed(withinLimit(step.mibPerSecond, context.options.bandwidthBytesPerSecond));
  if (step.kind === 'ready') {
    context.downtimeMs = step.downtimeMs;
    return;
  }
  const what = `the copy may send ${step.mibPerSecond} MiB/s (${step.state.phase})`;
  note(context, context.source.name, Date.now(), what);
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
