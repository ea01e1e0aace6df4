import type { PingEvent } from '../measure/ping-stream.js';
import { probePaths } from '../model/probe-path.js';
import type { Topology } from '../model/topology.js';
import { guestAsker } from '../plan/desired-ports.js';
import type { MigrationContext, RunningProbe } from './context.js';
import { type GuestProbe, startGuestProbe } from './guest-probe.js';
import type { MigrationHost } from './needs.js';
import { until } from './until.js';

/**
 * The pings that run while `vm` moves: all of the topology's probes, one for each network in which the two meet, and
 * each address family. A guest that pings is asked over the overlay, which takes a host with a port in that network.
 */
export function probesOf(topology: Topology, host: (name: string) => MigrationHost): RunningProbe[] {
  return topology.probes.flatMap((probe) => {
    const asks = probe.from.kind === 'host' ? probe.from.name : guestAsker(topology);
    const ways = probePaths(topology, probe).flatMap(({ network, pairs }) =>
      pairs.map((pair) => ({ network, ...pair })),
    );
    return ways.map(({ network, source, target }) => ({
      from: probe.from.name,
      to: probe.to,
      host: host(asks),
      network,
      address: target,
      intervalMs: probe.intervalMs,
      guest: probe.from.kind === 'host' ? null : { vm: probe.from.name, address: source },
      events: [] as PingEvent[],
      clockErrorMs: 0,
    }));
  });
}

/** Starts all pings. Resolves to the guests' ones, which are to be read and ended; the hosts' go on with the context's followers. */
export async function startProbes(context: MigrationContext): Promise<GuestProbe[]> {
  const [guests, hosts] = [
    context.probes.filter((probe) => probe.guest !== null),
    context.probes.filter((probe) => probe.guest === null),
  ];
  const started = await Promise.all(
    hosts.map((probe) => probe.host.followPing(probe, (event) => probe.events.push(event))),
  );
  context.followers.push(...started);
  const asked = await Promise.all(guests.map((probe) => startGuestProbe(context, probe)));
  return asked;
}

/** False where nothing answered in time. */
export async function firstReply(probe: RunningProbe, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  return await until(() => probe.events.some((event) => event.kind === 'reply'), timeoutMs, signal);
}
