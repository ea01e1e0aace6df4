import { overTime } from '../measure/clock.js';
import { measurePing, PATIENCE_MS, type PingMeasurement } from '../measure/ping.js';
import { unansweredOf } from '../measure/unanswered.js';
import type { ClockOffset } from '../model/clock-offset.js';
import type { MigrationResult, StageFigures } from '../model/migration-result.js';
import type { RunRecord } from '../model/run-record.js';
import { abort } from './abort.js';
import { certificateOf } from './certificate.js';
import { type MigrationContext, probeOffsetMs, type RunningProbe } from './context.js';
import { macsOf, unwatchedNics } from './coverage.js';
import type { GuestProbe } from './guest-probe.js';
import { startProbes } from './probes.js';
import { overflowsOf } from './queues.js';
import { runStages, type StagesOutcome } from './stage.js';
import { MIGRATION_STAGES } from './stages.js';
import { until } from './until.js';

/** How often the guests are asked for what their pings have seen, when the run is over. */
const LOOK_AGAIN_MS = 50;

/** All that is kept of the run, but for the program's version, and what was told meanwhile. */
export type MigrationRun = Omit<RunRecord, 'vxmig' | 'id' | 'events'>;

/**
 * One live migration with all that is measured of it. Never throws for a migration that fails: the result says how it
 * ended and where the VM is. Times are in milliseconds, by the controller's clock unless the name says otherwise.
 */
export async function migrate(context: MigrationContext): Promise<MigrationRun> {
  const startMs = Date.now();
  let guestProbes: readonly GuestProbe[] = [];
  try {
    guestProbes = await startProbes(context);
    const outcome = await runStages(MIGRATION_STAGES, context, {
      nowMs: () => Date.now(),
      whereabouts: () => abort(context),
      started: (stage) => context.emit({ kind: 'stage-started', vm: context.vm.name, stage }),
      finished: (stage, figures, error) => {
        const text = error === null ? null : String(error instanceof Error ? error.message : error);
        context.emit({
          kind: 'stage-finished',
          vm: context.vm.name,
          stage,
          durationMs: figures.durationMs,
          error: text,
        });
      },
    });
    const endMs = Date.now();
    const [clocks, overflowed] = await Promise.all([
      clocksOverTheRun(context, endMs - startMs),
      overflowsOf(context),
      lastReplies(context, guestProbes, startMs, endMs),
    ]);
    await Promise.all(guestProbes.map((probe) => probe.stop()));
    const pings = measureProbes(context, startMs, endMs);
    for (const { figures, doubts } of pings) {
      for (const doubt of doubts)
        context.emit({ kind: 'warning', text: `pings from ${figures.from} to ${figures.address}: ${doubt}` });
    }
    const series = pings.map((ping) => ping.series);
    const certificate = certificateOf(context, { startMs, stages: outcome.stages, series, clocks, overflowed });
    const result = { ...resultOf(context, outcome, pings), certificate };
    return {
      startedAt: new Date(startMs).toISOString(),
      topology: context.topology.name,
      result,
      probes: series,
      clocks: Object.fromEntries(clocks),
    };
  } finally {
    await Promise.allSettled([...context.followers, ...guestProbes].map((follower) => follower.stop()));
  }
}

/**
 * The clocks are asked once more, for they drift apart, and can be set. Times were put right by the first answer: its error becomes as large
 * as the second one says. A host that does not answer any more keeps its first one.
 */
async function clocksOverTheRun(context: MigrationContext, elapsedMs: number): Promise<Map<string, ClockOffset>> {
  const clocks = context.hosts.map(async (host): Promise<[string, ClockOffset][]> => {
    const first = context.clocks.get(host.name);
    if (first === undefined) return [];
    const second = await host.measureClock().catch(() => first);
    return [[host.name, overTime(first, second, elapsedMs)]];
  });
  return new Map((await Promise.all(clocks)).flat());
}

/** Lost means unanswered after 2 s; where every request of the run has its answer earlier, nothing is left to wait for. */
async function lastReplies(
  context: MigrationContext,
  guestProbes: readonly GuestProbe[],
  startMs: number,
  endMs: number,
): Promise<void> {
  const settled = () =>
    context.probes.every((probe) => {
      const offset = probeOffsetMs(context, probe);
      const sinceMs = begunMs(context, probe, startMs);
      return unansweredOf(probe.events, probe.intervalMs, { startMs: sinceMs + offset, endMs: endMs + offset }) === 0;
    });
  const deadline = performance.now() + PATIENCE_MS + 100;
  do {
    await Promise.all(guestProbes.map((probe) => probe.catchUp()));
  } while (!(await until(settled, LOOK_AGAIN_MS)) && performance.now() < deadline);
}

/** For a probe the run begins with its first request that was answered: before it ping itself was on its way up. */
function begunMs(context: MigrationContext, probe: RunningProbe, startMs: number): number {
  const first = probe.events.find((event) => event.kind === 'reply');
  return first?.kind === 'reply'
    ? Math.max(startMs, first.repliedAtMs - first.rttMs - probeOffsetMs(context, probe))
    : startMs;
}

function measureProbes(context: MigrationContext, startMs: number, endMs: number): PingMeasurement[] {
  return context.probes.map((probe) =>
    measurePing(probe.events, {
      from: probe.from,
      to: probe.to,
      network: probe.network,
      address: probe.address,
      intervalMs: probe.intervalMs,
      startMs: begunMs(context, probe, startMs),
      endMs,
      clockOffsetMs: probeOffsetMs(context, probe),
    }),
  );
}

function resultOf(
  context: MigrationContext,
  outcome: StagesOutcome,
  pings: readonly PingMeasurement[],
): MigrationResult {
  const { error } = outcome;
  const converged =
    context.convergence.length > 0 && context.convergence.every((entry) => entry.seen === entry.expected);
  const times = context.convergence.map((entry) => entry.afterResumeMs);
  return {
    ok: outcome.outcome === 'migrated' && error === null,
    vm: context.vm.name,
    from: context.source.name,
    to: context.destination.name,
    outcome: outcome.outcome,
    strategy: context.options.strategy,
    transfer: context.transfer,
    announce: context.announced,
    convergence: {
      converged,
      afterResumeMs:
        converged && times.every((time) => time !== null) ? Math.max(...times.map((time) => time ?? 0)) : null,
      hosts: context.convergence,
    },
    macs: macsOf(context),
    unwatched: unwatchedNics(context),
    ping: pings.map((ping) => ping.figures),
    stages: outcome.stages as StageFigures[],
    switchover: {
      stoppedAt: instant(context, context.source.name, context.stoppedAtMs),
      resumedAt: instant(context, context.destination.name, context.resumedAtMs),
    },
    ...(error === null ? {} : { error: { code: error.code, message: error.message, hint: error.hint } }),
  };
}

/** By that host's own clock, as MigrationResult has it. */
function instant(context: MigrationContext, host: string, atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs + (context.clocks.get(host)?.offsetMs ?? 0)).toISOString();
}
