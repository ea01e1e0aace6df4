import { setTimeout as sleep } from 'node:timers/promises';
import type { PingEvent } from '../measure/ping-stream.js';
import { probePath } from '../model/probe-path.js';
import type { Topology } from '../model/topology.js';
import type { MigrationContext, RunningProbe } from './context.js';
import type { MigrationHost } from './needs.js';

const POLL_MS = 5;

/** The pings that watch a VM: one for each probe and address family, from every host that the topology names. */
export function probesOf(topology: Topology, vm: string, host: (name: string) => MigrationHost): RunningProbe[] {
  return topology.probes.flatMap((probe) => {
    if (probe.to !== vm || probe.from.kind !== 'host') return [];
    const path = probePath(topology, probe);
    return (path?.pairs ?? []).map((pair) => ({
      from: probe.from.name,
      to: vm,
      host: host(probe.from.name),
      network: path?.network ?? '',
      address: pair.target,
      intervalMs: probe.intervalMs,
      events: [] as PingEvent[],
    }));
  });
}

/** Starts all pings; they go on until the context's followers are stopped. */
export async function startProbes(context: MigrationContext): Promise<void> {
  const started = await Promise.all(
    context.probes.map((probe) => probe.host.followPing(probe, (event) => probe.events.push(event))),
  );
  context.followers.push(...started);
}

/** False where nothing answered in time. */
export async function firstReply(probe: RunningProbe, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  return await until(() => probe.events.some((event) => event.kind === 'reply'), timeoutMs, signal);
}

/** True as soon as `condition` holds; false when the time is over. @throws the signal's reason when it is aborted */
export async function until(condition: () => boolean, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    signal?.throwIfAborted();
    if (performance.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
