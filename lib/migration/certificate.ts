import { causesOf, LATE_MEANS, type WatchedSeries } from '../measure/causes.js';
import type { SwitchPhase } from '../measure/switch-phases.js';
import { countMoves } from '../measure/table-moves.js';
import type { Certificate, FrameInterval, HostCertificate, TimelineInterval } from '../model/certificate.js';
import type { HostConvergence } from '../model/migration-result.js';
import type { ProbeSeries } from '../model/probe-series.js';
import { formatCount } from '../model/quantities.js';
import { movedAt, phasesOf } from './certificate-phases.js';
import { type Run, staysPut } from './migration.js';
import { isProven } from './proof.js';
import type { RunningProbe } from './running-probe.js';
import type { Findings } from './stages.js';
import { type CertifiedRun, clockError, type Witnessed, witnessedOf } from './witnessed.js';

/**
 * What the run proves of each host, and why frames were lost or late. Nothing is asked of anybody: all has been seen by
 * now.
 */
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
