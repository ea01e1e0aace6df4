import { caughtUpAt, type Watcher } from '../measure/caught-up.js';
import type { Instant } from '../measure/causes.js';
import { type OverflowInstants, type SwitchPhase, switchPhases, type TableInstant } from '../measure/switch-phases.js';
import { lastChangeTo } from '../measure/table-moves.js';
import type { HostConvergence } from '../model/migration-result.js';
import { staysPut } from './migration.js';
import type { Overflowed } from './queues.js';
import { type CertifiedRun, clockError, STAMP_MS, type Witnessed } from './witnessed.js';

/** null where the table was not seen to come to the expected place, or is not there. */
export function movedAt(
  context: Witnessed,
  run: CertifiedRun,
  { host, network, mac, expected }: HostConvergence,
): Instant | null {
  const move = lastChangeTo(context.tables?.moves(host, network, mac) ?? [], expected);
  if (move === null || move.atMs === null) return null;
  const error = clockError(run, host);
  // It cannot have learned the new place before the guest was there.
  const sinceResumeMs = move.atMs - (context.resumedAtMs ?? Number.NEGATIVE_INFINITY);
  const earlierMs = Math.min(
    move.lateMs + error,
    Math.max(0, sinceResumeMs) + error + clockError(run, context.destination.name),
  );
  return { atMs: move.atMs, earlierMs, laterMs: STAMP_MS + error };
}

export function phasesOf(context: Witnessed, run: CertifiedRun): SwitchPhase[] {
  const { source, destination, copyBeganAtMs, armingAtMs, armedAtMs, stoppedAtMs, resumedAtMs } = context;
  const ours = (atMs: number | null, earlierMs = 0): Instant | null =>
    atMs === null ? null : { atMs, earlierMs, laterMs: STAMP_MS };
  const byHost = (atMs: number | null, host: string): Instant | null =>
    atMs === null ? null : { atMs, earlierMs: clockError(run, host), laterMs: clockError(run, host) };
  return switchPhases({
    source: source.name,
    destination: destination.name,
    began: ours(run.startMs),
    copyBegan: ours(copyBeganAtMs),
    armed: ours(armedAtMs, (armedAtMs ?? 0) - (armingAtMs ?? 0)),
    inVain: context.armings.flatMap(({ atMs, undoneAtMs }) => {
      const [from, to] = [ours(atMs), ours(undoneAtMs)];
      return from === null || to === null ? [] : [{ from, to }];
    }),
    lifted: ours(context.liftedAtMs),
    stopped: byHost(stoppedAtMs, source.name),
    resumed: byHost(resumedAtMs, destination.name),
    caughtUp: caughtUpAt(watchersOf(context, run), context.resumedAtMs),
    fetched: context.isFetched ? ours(switchedOverAt(run)) : null,
    // Pings are for the NICs' own MACs.
    tables: context.convergence
      .filter(({ mac }) => context.vm.nics.some((nic) => nic.mac === mac))
      .flatMap((entry) => tableInstant(context, run, entry)),
    overflows: overflowInstants(run.overflowed),
  });
}

/** One for each host: which of its queues it was makes no difference to the frames. */
function overflowInstants(overflowed: Overflowed | null): OverflowInstants[] {
  if (overflowed === null) return [];
  const { overflows, fromMs, toMs } = overflowed;
  const at = (atMs: number): Instant => ({ atMs, earlierMs: 0, laterMs: STAMP_MS });
  const hosts = new Set(overflows.map(({ host }) => host));
  return [...hosts].map((host) => ({ host, from: at(fromMs), to: at(toMs) }));
}

/** What is seen of the VM, with how far the times can be off. */
function watchersOf(context: Witnessed, run: CertifiedRun): Watcher[] {
  return run.series.flatMap(({ from, to, requests }, index) => {
    const probe = context.probes.all[index];
    if (probe === undefined || (from !== context.vm.name && to !== context.vm.name)) return [];
    return [{ requests, errorMs: probe.clockErrorMs + clockError(run, probe.host.name) }];
  });
}

function switchedOverAt({ stages }: CertifiedRun): number | null {
  const stage = stages.find((candidate) => candidate.stage === 'switch over');
  return stage === undefined ? null : Date.parse(stage.startedAt) + stage.durationMs;
}

function tableInstant(context: Witnessed, run: CertifiedRun, entry: HostConvergence): TableInstant[] {
  const { host, network, seen, expected } = entry;
  if (staysPut(context, host, network)) return [];
  const moved = movedAt(context, run, entry);
  if (moved !== null || seen !== expected) return [{ host, network, moved: seen === expected ? moved : null }];
  // It is there, and nobody saw it come: at any time since the resume.
  const { resumedAtMs } = context;
  if (resumedAtMs === null) return [];
  const lookedAtMs = verifiedAt(run) ?? resumedAtMs;
  return [{ host, network, moved: { atMs: lookedAtMs, earlierMs: lookedAtMs - resumedAtMs, laterMs: STAMP_MS } }];
}

function verifiedAt({ stages }: CertifiedRun): number | null {
  const stage = stages.find((candidate) => candidate.stage === 'verify');
  return stage === undefined ? null : Date.parse(stage.startedAt) + stage.durationMs;
}
