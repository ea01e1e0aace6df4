import { overTime } from '../measure/clock.js';
import type { PingMeasurement } from '../measure/ping.js';
import type { ClockOffset } from '../model/clock-offset.js';
import { messageOf } from '../model/errors.js';
import type { Emit } from '../model/event.js';
import type { MigrationResult } from '../model/migration-result.js';
import type { RunRecord } from '../model/run-record.js';
import { namingDoubts } from './agreed-doubts.js';
import { certificateOf } from './certificate.js';
import { Clocks } from './clocks.js';
import { macsOf, unwatchedNics } from './coverage.js';
import { endingOf } from './ending.js';
import { Journal } from './journal.js';
import type { Migration, Run } from './migration.js';
import type { StagesOutcome } from './outcome.js';
import { Probes, type Watching } from './probes.js';
import { overflowsOf } from './queues.js';
import { namingStorage } from './silent-storage.js';
import { runStages } from './stage.js';
import { type Findings, MigrationStory } from './stages.js';
import { Switchover } from './switchover.js';

/** All that is kept of the run, but for the program's version, and what was told meanwhile. */
export type MigrationRun = Omit<RunRecord, 'vxmig' | 'id' | 'events'>;

/**
 * One live migration with all that is measured of it. Never throws for a migration that fails: the result says how it
 * ended and where the VM is. Times are in milliseconds, by the controller's clock unless the name says otherwise.
 */
export async function migrate(
  migration: Migration,
  { emit, watching }: { readonly emit: Emit; readonly watching: Watching },
): Promise<MigrationRun> {
  const startMs = Date.now();
  const clocks = new Clocks();
  const run: Run = {
    ...migration,
    journal: new Journal(migration.vm.name, emit),
    clocks,
    switchover: new Switchover(),
    probes: new Probes(watching, clocks),
  };
  const { vm, source, destination, placement } = run;
  const story = new MigrationStory(run);
  placement.depart(vm.name, { from: source.name, to: destination.name });
  try {
    await run.probes.start(run);
    const ended = await runStages(story, {
      nowMs: () => Date.now(),
      started: (stage) => run.journal.stageBegan(stage),
      finished: (stage, figures, error) =>
        run.journal.stageEnded(stage, figures.durationMs, error === null ? null : messageOf(error)),
    });
    const outcome = namingDoubts(story.negotiation?.steps ?? [], namingStorage(run, ended));
    closeEntry(run, outcome);
    return await recordOf(run, story, { outcome, startMs, endMs: Date.now() });
  } finally {
    // Nothing was reserved: nothing of it has moved.
    if (story.reservation === null) placement.stay(vm.name);
    await Promise.allSettled([story.close(), run.probes.close()]);
  }
}

/**
 * A VM that may be at either end stays in the ledger as one that moves: what both hosts hold for it is not taken away
 * by others.
 */
function closeEntry({ placement, vm }: Run, { outcome }: StagesOutcome): void {
  if (outcome === 'failed' || placement.placeOf(vm.name).kind !== 'moving') return;
  if (outcome === 'migrated') placement.settle(vm.name);
}

interface Ended {
  readonly outcome: StagesOutcome;
  readonly startMs: number;
  readonly endMs: number;
}

async function recordOf(run: Run, found: Findings, { outcome, startMs, endMs }: Ended): Promise<MigrationRun> {
  const queues = { before: found.copy?.queuesBefore ?? null, after: found.verification?.queuesAfter ?? null };
  const [clocks, overflowed] = await Promise.all([
    clocksOverTheRun(run, endMs - startMs),
    overflowsOf(run, queues),
    run.probes.lastReplies(startMs, endMs),
  ]);
  const pings = run.probes.measure(startMs, endMs);
  for (const { figures, doubts } of pings) {
    for (const doubt of doubts)
      run.journal.emit({ kind: 'warning', text: `pings from ${figures.from} to ${figures.address}: ${doubt}` });
  }
  const series = pings.map((ping) => ping.series);
  const certificate = certificateOf(run, found, { startMs, stages: outcome.stages, series, clocks, overflowed });
  return {
    startedAt: new Date(startMs).toISOString(),
    topology: run.topology.name,
    result: { ...resultOf(run, found, outcome, pings), certificate },
    probes: series,
    clocks: Object.fromEntries(clocks),
  };
}

/**
 * The clocks are asked once more, for they drift apart, and can be set. Times were put right by the first answer: its
 * error becomes as large as the second one says. A host that does not answer any more keeps its first one.
 */
async function clocksOverTheRun({ hosts, clocks }: Run, elapsedMs: number): Promise<Map<string, ClockOffset>> {
  const both = hosts.map(async ({ name, observer }): Promise<[string, ClockOffset][]> => {
    const first = clocks.offsets.get(name);
    if (first === undefined) return [];
    const second = await observer.measureClock().catch(() => first);
    return [[name, overTime(first, second, elapsedMs)]];
  });
  return new Map((await Promise.all(both)).flat());
}

function resultOf(
  run: Run,
  found: Findings,
  { outcome, error, stages }: StagesOutcome,
  pings: readonly PingMeasurement[],
): MigrationResult {
  const { vm, source, destination, strategy, probes } = run;
  const hosts = found.verification?.convergence ?? [];
  const converged = hosts.length > 0 && hosts.every((entry) => entry.seen === entry.expected);
  const times = hosts.map((entry) => entry.afterResumeMs);
  const { stoppedAtMs, resumedAtMs } = run.switchover.state;
  return {
    ok: outcome === 'migrated' && error === null,
    vm: vm.name,
    from: source.name,
    to: destination.name,
    outcome,
    strategy: strategy.name,
    transfer: found.transfer,
    ...endingOf(run, found),
    announce: found.announcements?.counts ?? { rarp: 0, garp: 0, na: 0 },
    convergence: {
      converged,
      afterResumeMs:
        converged && times.every((time) => time !== null) ? Math.max(...times.map((time) => time ?? 0)) : null,
      hosts,
    },
    macs: macsOf(found.reservation?.moving ?? { macs: [], left: [] }),
    unwatched: unwatchedNics(vm, probes.all, found.checked?.unlinkedMacs ?? []),
    negotiation: found.negotiation?.steps ?? [],
    disks: found.reservation?.disks.figures() ?? [],
    ping: pings.map((ping) => ping.figures),
    stages,
    switchover: {
      stoppedAt: instant(run, source.name, stoppedAtMs),
      resumedAt: instant(run, destination.name, resumedAtMs),
    },
    ...(error === null ? {} : { error: { code: error.code, message: error.message, hint: error.hint } }),
  };
}

/** By that host's own clock, as MigrationResult has it. */
function instant({ clocks }: Run, host: string, atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs + clocks.offsetMs(host)).toISOString();
}
