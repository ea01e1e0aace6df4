import type { Controller } from '../controller/controller.js';
import type { RunningCommand } from '../host/connection.js';
import { measurePing, PATIENCE_MS, type PingMeasurement } from '../measure/ping.js';
import { type PingEvent, PingStream, pingArgv } from '../measure/ping-stream.js';
import { parseQemuEvent, type QemuEvent, qemuEventsArgv } from '../measure/qemu-events.js';
import { unansweredOf } from '../measure/unanswered.js';
import { until } from '../migration/until.js';
import type { MigrateRun } from '../model/bench-result.js';
import { VxmigError } from '../model/errors.js';
import type { PingFigures } from '../model/migration-result.js';
import { probePortName } from '../model/names.js';
import { probePath } from '../model/probe-path.js';
import type { Topology } from '../model/topology.js';
import { backAfterResume, type SwitchRecord } from './delay-curve.js';

const FIRST_REPLY_TIMEOUT_MS = 15_000;
/** QEMU announces the guest for 0.8 s after the resume: until then a plain migration may still lose pings. */
const AFTERMATH_MS = 1_000;

/** One ping that runs on a host, in the namespace of its probe port. */
export interface WatchingProbe {
  readonly host: string;
  readonly to: string;
  readonly namespace: string;
  readonly address: string;
  readonly intervalMs: number;
}

/** The pings of a topology's hosts that watch the VM: one per address family. */
export function watchingProbes(topology: Topology, vm: string): WatchingProbe[] {
  return topology.probes
    .filter((probe) => probe.to === vm && probe.from.kind === 'host')
    .flatMap((probe) => {
      const path = probePath(topology, probe);
      return (path?.pairs ?? []).map((pair) => ({
        host: probe.from.name,
        to: vm,
        namespace: probePortName(topology.name, path?.network ?? '', probe.from.name),
        address: pair.target,
        intervalMs: probe.intervalMs,
      }));
    });
}

export interface Watched<Result> {
  readonly result: Result;
  readonly record: SwitchRecord;
  readonly pings: readonly PingFigures[];
}

export interface Watch {
  readonly probes: readonly WatchingProbe[];
  readonly domain: string;
  /** Where the domain goes. */
  readonly to: string;
  readonly signal: AbortSignal;
}

/**
 * Does `work` under the eyes of the probes, and waits until all replies have come. It is measured as `vxmig migrate`
 * measures itself: the same pings, judged by the same code.
 * @throws VxmigError HOST_UNFIT where the guest does not answer beforehand
 */
export async function watched<Result>(
  controller: Controller,
  { probes, domain, to, signal }: Watch,
  work: () => Promise<Result>,
): Promise<Watched<Result>> {
  const running: RunningCommand[] = [];
  const qemuEvents: QemuEvent[] = [];
  try {
    const qemu = await controller.session(to).shell.follow(qemuEventsArgv(null), 'TERM');
    running.push(qemu);
    qemu.on('line', (line) => {
      const event = parseQemuEvent(line);
      if (event !== null && event.domain === domain) qemuEvents.push(event);
    });
    const pings = await Promise.all(
      probes.map(async (probe) => {
        const ping = await startPing(controller, probe);
        running.push(ping.command);
        return { probe, events: ping.events };
      }),
    );
    await Promise.all(pings.map(({ probe, events }) => firstReply(probe, events, signal)));
    const startMs = Date.now();
    const result = await work();
    await until(() => false, AFTERMATH_MS, signal);
    const endMs = Date.now();
    // A lab has one clock for all, so that no offset is taken off here.
    const settled = () =>
      pings.every(({ probe, events }) => unansweredOf(events, probe.intervalMs, { startMs, endMs }) === 0);
    await until(settled, PATIENCE_MS + 100, signal);
    const measured = pings.map(({ probe, events }): PingMeasurement => {
      const { host, to: watchedVm, address, intervalMs } = probe;
      return measurePing(events, { from: host, to: watchedVm, address, intervalMs, startMs, endMs });
    });
    return {
      result,
      pings: measured.map(({ figures }) => figures),
      record: { series: measured.map(({ series }) => series), resumedAtMs: resumeIn(qemuEvents) },
    };
  } finally {
    await Promise.allSettled(running.map((command) => command.stop()));
  }
}

/** What the watching of a migration says of it. */
export function seenBy(
  pings: readonly PingFigures[],
  record: SwitchRecord,
): Pick<
  MigrateRun,
  'pingsSent' | 'pingsLost' | 'duplicates' | 'longestGapMs' | 'longestWaitMs' | 'backAfterResumeMs' | 'probes'
> {
  const sum = (of: (ping: PingFigures) => number) => pings.reduce((total, ping) => total + of(ping), 0);
  const longest = (values: readonly number[]) => (values.length === 0 ? null : Math.max(...values));
  return {
    pingsSent: sum((ping) => ping.sent),
    pingsLost: sum((ping) => ping.lost),
    duplicates: sum((ping) => ping.duplicates),
    longestGapMs: longest(pings.flatMap((ping) => ping.longestGapMs ?? [])),
    longestWaitMs: longest(pings.flatMap((ping) => ping.longestWaitMs ?? [])),
    backAfterResumeMs: backAfterResume(record),
    probes: pings,
  };
}

/** The last one: QEMU at the destination may start and stop the guest before it. */
function resumeIn(events: readonly QemuEvent[]): number | null {
  return events.filter(({ event }) => event === 'RESUME').at(-1)?.atMs ?? null;
}

async function startPing(
  controller: Controller,
  { host, namespace, address, intervalMs }: WatchingProbe,
): Promise<{ readonly command: RunningCommand; readonly events: PingEvent[] }> {
  const argv = ['ip', 'netns', 'exec', namespace, ...pingArgv({ address, intervalMs })];
  const command = await controller.session(host).shell.follow(argv, 'INT');
  const events: PingEvent[] = [];
  const stream = new PingStream();
  const read = (line: string) => events.push(...stream.push(`${line}\n`));
  command.on('line', read);
  command.on('errorLine', read);
  return { command, events };
}

async function firstReply(probe: WatchingProbe, events: readonly PingEvent[], signal: AbortSignal): Promise<void> {
  if (await until(() => events.some(({ kind }) => kind === 'reply'), FIRST_REPLY_TIMEOUT_MS, signal)) return;
  throw new VxmigError('HOST_UNFIT', `the VM ${probe.to} (${probe.address}) does not answer pings from ${probe.host}`, {
    where: probe.host,
  });
}
