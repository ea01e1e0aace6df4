import { caughtUpAt, type Watcher } from '../measure/caught-up.js';
import { causesOf, type Instant, LATE_MEANS, type WatchedSeries } from '../measure/causes.js';
import { type OverflowInstants, type SwitchPhase, switchPhases, type TableInstant } from '../measure/switch-phases.js';
import { countMoves, lastChangeTo } from '../measure/table-moves.js';
import type { Certificate, FrameInterval, HostCertificate, TimelineInterval } from '../model/certificate.js';
import type { ClockOffset } from '../model/clock-offset.js';
import type { HostConvergence, MacCoverage, StageFigures } from '../model/migration-result.js';
import type { ProbeSeries } from '../model/probe-series.js';
import { formatCount } from '../model/quantities.js';
import { macsOf } from './coverage.js';
import { type Run, staysPut } from './migration.js';
import type { RunningProbe } from './probes.js';
import { isProven } from './proof.js';
import type { Overflowed } from './queues.js';
import type { Arming, Redirects } from './redirects.js';
import type { Findings } from './stages.js';
import type { SwitchState } from './switchover.js';
import type { TableWatch } from './tables.js';
import type { Verification } from './verify.js';

/** Date.now() and ovs-ofctl cut off what is less than a millisecond. */
const STAMP_MS = 1;

export interface CertifiedRun {
  readonly startMs: number;
  readonly stages: readonly StageFigures[];
  /** One for each of the context's probes, in order; times by the controller's clock. */
  readonly series: readonly ProbeSeries[];
  /** As `clocks` of the context, with the error that they had over the whole run. */
  readonly clocks: ReadonlyMap<string, ClockOffset>;
  readonly overflowed: Overflowed | null;
}

/** A run with all that was seen of it. */
type Witnessed = Run &
  Pick<SwitchState, 'copyBeganAtMs' | 'stoppedAtMs' | 'resumedAtMs'> &
  Pick<Verification, 'convergence' | 'proofs' | 'repairs'> &
  Redirects['instants'] & {
    readonly armings: readonly Arming[];
    readonly tables: TableWatch | null;
    readonly macs: readonly MacCoverage[];
  };

function witnessedOf(run: Run, { reservation, verification }: Findings): Witnessed {
  const none = { armingAtMs: null, armedAtMs: null, liftedAtMs: null };
  return {
    ...run,
    ...run.switchover.state,
    convergence: verification?.convergence ?? [],
    proofs: verification?.proofs ?? [],
    repairs: verification?.repairs ?? [],
    ...(reservation?.redirects.instants ?? none),
    armings: reservation?.redirects.armings ?? [],
    tables: reservation?.tables ?? null,
    macs: macsOf(reservation?.moving ?? { macs: [], left: [] }),
  };
}

/** What the run proves of each host, and why frames were lost or late. Nothing is asked of anybody: all has been seen by now. */
export function certificateOf(migration: Run, found: Findings, run: CertifiedRun): Certificate {
  const context = witnessedOf(migration, found);
  const zeroMs = Math.round(context.resumedAtMs ?? run.startMs);
  const phases = phasesOf(context, run);
  const frames = run.series.flatMap((series, index) => {
    const probe = context.probes.all[index];
    return probe === undefined ? [] : causesOf(watched(context, run, { probe, series, phases }));
  });
  const hosts = context.convergence.map((entry) => hostCertificate(context, run, entry));
  return {
    zeroAt: new Date(zeroMs).toISOString(),
    clocks: [...run.clocks].map(([host, { offsetMs, errorMs }]) => ({
      host,
      offsetMs: rounded(offsetMs),
      errorMs: rounded(errorMs),
    })),
    hosts,
    repaired: context.repairs.length > 0,
    repairs: context.repairs,
    overflows: run.overflowed?.overflows ?? [],
    arming: context.armings.map(({ atMs, tookMs, inTime }) => ({
      atMs: rounded(atMs - zeroMs),
      tookMs: rounded(tookMs),
      inTime,
    })),
    timeline: phases.map((phase) => interval(phase, zeroMs)),
    lateMeans: LATE_MEANS,
    frames: frames.map((frame) => ({
      ...frame,
      sentFromMs: rounded(frame.sentFromMs - zeroMs),
      sentToMs: rounded(frame.sentToMs - zeroMs),
      errorMs: rounded(frame.errorMs),
    })),
    verdict: verdictOf(context, hosts, frames),
  };
}

function hostCertificate(context: Witnessed, run: CertifiedRun, entry: HostConvergence): HostCertificate {
  const { host, network, mac, expected } = entry;
  const moves = context.tables?.moves(host, network, mac) ?? [];
  const gap = context.tables?.gap(host, network, mac) ?? null;
  const moved = movedAt(context, run, entry);
  const isStill = staysPut(context, host, network);
  const known = !isStill && moved !== null && context.resumedAtMs !== null;
  return {
    host,
    network,
    mac,
    expected,
    fdbMovedAfterResumeMs: isStill ? 0 : known ? rounded(Math.max(0, moved.atMs - (context.resumedAtMs ?? 0))) : null,
    fdbMovedErrorMs: isStill
      ? 0
      : known
        ? rounded(Math.max(moved.earlierMs, moved.laterMs) + clockError(run, context.destination.name))
        : null,
    moves: countMoves(moves),
    monitorComplete: gap === null,
    monitorGap: gap,
    traces:
      context.proofs.find((proof) => proof.host === host && proof.network === network && proof.mac === mac)?.traces ??
      [],
  };
}

/** null where the table was not seen to come to the expected place, or is not there. */
function movedAt(
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

function phasesOf(context: Witnessed, run: CertifiedRun): SwitchPhase[] {
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
    lifted: ours(context.liftedAtMs),
    stopped: byHost(stoppedAtMs, source.name),
    resumed: byHost(resumedAtMs, destination.name),
    caughtUp: caughtUpAt(watchersOf(context, run), context.resumedAtMs),
    fetched: context.strategy.asksFor.postCopy ? ours(switchedOverAt(run)) : null,
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

function watched(
  context: Witnessed,
  run: CertifiedRun,
  { probe, series, phases }: { probe: RunningProbe; series: ProbeSeries; phases: readonly SwitchPhase[] },
): WatchedSeries {
  const { vm, topology, source, destination, placement } = context;
  const far = probe.from === vm.name ? probe.to : probe.from;
  const onItsWay = probe.from === vm.name || probe.to === vm.name;
  const isVm = topology.vms.some(({ name }) => name === far);
  const placeOfFar = isVm ? placement.placeOf(far) : null;
  // One that moves itself may have been met at either end.
  const farHosts =
    placeOfFar === null ? [far] : placeOfFar.kind === 'at' ? [placeOfFar.host] : [placeOfFar.from, placeOfFar.to];
  const mesh = topology.networks.find((network) => network.name === probe.network)?.mesh;
  const hub = mesh?.kind === 'hub' ? [mesh.hub] : [];
  const tables = new Set([...farHosts, ...hub, destination.name]);
  const meets = ({ kind, host, network }: SwitchPhase) => {
    if (kind === 'converging') return network === probe.network && tables.has(host);
    return kind !== 'overflow' || tables.has(host) || host === source.name;
  };
  return {
    ...series,
    clockErrorMs: probe.clockErrorMs + clockError(run, probe.host.name),
    // Only what frames of this probe meet; between two others nothing of the switch explains anything.
    phases: onItsWay ? phases.filter((phase) => meets(phase)) : [],
  };
}

function clockError({ clocks }: CertifiedRun, host: string): number {
  return clocks.get(host)?.errorMs ?? 0;
}

function interval({ kind, host, network, from, to }: SwitchPhase, zeroMs: number): TimelineInterval {
  return {
    kind,
    host,
    network,
    fromMs: rounded(from.atMs - zeroMs),
    fromErrorMs: rounded(Math.max(from.earlierMs, from.laterMs)),
    toMs: to === null ? null : rounded(Math.max(to.atMs, from.atMs) - zeroMs),
    toErrorMs: to === null ? 0 : rounded(Math.max(to.earlierMs, to.laterMs)),
  };
}

function verdictOf(
  context: Witnessed,
  hosts: readonly HostCertificate[],
  frames: readonly FrameInterval[],
): Certificate['verdict'] {
  const right = context.convergence.length > 0 && context.convergence.every(({ seen, expected }) => seen === expected);
  const proven = hosts.every((host) => host.traces.length > 0) && context.proofs.every(isProven);
  const count = (kind: FrameInterval['kind']) =>
    frames.filter((frame) => frame.kind === kind).reduce((sum, frame) => sum + frame.count, 0);
  const unexplained = frames
    .filter((frame) => frame.confidence === 'unknown')
    .reduce((sum, frame) => sum + frame.count, 0);
  const where = `${context.vm.name} is at ${context.destination.name}`;
  const traces = formatCount(
    hosts.reduce((sum, host) => sum + host.traces.length, 0),
    'trace',
  );
  const uncovered = context.macs.filter(({ covered }) => !covered);
  const but = uncovered.length === 0 ? '' : `, but for ${uncovered.map(({ mac }) => mac).join(', ')}`;
  const shown =
    right && proven ? `every host sends to it there${but} (${traces})` : 'it is not shown that every host sends to it';
  const ofThem = unexplained === 0 ? '' : `, ${unexplained} of them without a known cause`;
  return {
    ok: right && proven && uncovered.length === 0,
    text: `${where}: ${shown}; ${formatCount(count('lost'), 'frame')} lost, ${count('late')} late${ofThem}`,
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000 + 0;
}
