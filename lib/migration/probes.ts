import { measurePing, PATIENCE_MS, type PingMeasurement } from '../measure/ping.js';
import { unansweredOf } from '../measure/unanswered.js';
import { withoutLength } from '../model/address.js';
import { probePaths } from '../model/probe-path.js';
import type { Probe, Topology } from '../model/topology.js';
import { guestAsker } from '../plan/desired-ports.js';
import type { Clocks } from './clocks.js';
import { type GuestProbe, type GuestWatch, startGuestProbe } from './guest-probe.js';
import type { HostParts } from './host-parts.js';
import type { RunningProbe } from './running-probe.js';
import { until } from './until.js';

/** How often the guests are asked for what their pings have seen, when the run is over. */
const LOOK_AGAIN_MS = 50;

/** Which pings run, and which host sends them or asks for them. */
export interface Watching {
  readonly topology: Topology;
  readonly vm: string;
  /** VMs that move at the same time: what watches them belongs to their own runs. */
  readonly othersMoving: readonly string[];
  readonly host: (name: string) => HostParts;
}

/**
 * The pings of a run: the topology's probes, one for each network in which the two meet, and each address family. A
 * guest that pings is asked over the overlay, which takes a host with a port in that network.
 */
export class Probes {
  #all: readonly RunningProbe[];
  #guests: readonly GuestProbe[] = [];
  #hosts: readonly { stop(): Promise<void> }[] = [];

  constructor(
    watching: Watching,
    private readonly clocks: Clocks,
  ) {
    this.#all = watching.topology.probes.filter((probe) => belongs(probe, watching)).flatMap(waysOf(watching));
  }

  get all(): readonly RunningProbe[] {
    return this.#all;
  }

  /** Starts all pings. */
  async start(watch: GuestWatch): Promise<void> {
    const ofHosts = this.#all.filter((probe) => probe.guest === null);
    const hosts = await Promise.allSettled(
      ofHosts.map((probe) => probe.host.observer.followPing(probe, (event) => probe.events.push(event))),
    );
    this.#hosts = hosts.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = hosts.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    this.#guests = await Promise.all(
      this.#all.filter((probe) => probe.guest !== null).map((probe) => startGuestProbe(watch, probe)),
    );
  }

  /** Pings of these NICs count for nothing: their silence says nothing of the move. */
  leave(vm: string, macs: readonly string[], topology: Topology): void {
    const nics = topology.vms.find(({ name }) => name === vm)?.nics ?? [];
    const isLeft = (probe: RunningProbe) => {
      if (probe.to !== vm) return false;
      const nic = nics.find(
        ({ network, addresses }) =>
          network === probe.network && addresses.some((one) => withoutLength(one) === probe.address),
      );
      return nic !== undefined && macs.includes(nic.mac);
    };
    this.#all = this.#all.filter((probe) => !isLeft(probe));
  }

  /** How far the clock that a probe's events have is ahead of the controller's. */
  offsetMs(probe: RunningProbe): number {
    // A guest's events are put right when they are read.
    return probe.guest === null ? this.clocks.offsetMs(probe.host.name) : 0;
  }

  /**
   * Lost means unanswered after 2 s; where every request of the run has its answer earlier, nothing is left to wait
   * for.
   */
  async lastReplies(startMs: number, endMs: number): Promise<void> {
    const settled = () =>
      this.#all.every((probe) => {
        const offset = this.offsetMs(probe);
        const sinceMs = this.#begunMs(probe, startMs);
        return unansweredOf(probe.events, probe.intervalMs, { startMs: sinceMs + offset, endMs: endMs + offset }) === 0;
      });
    const deadline = performance.now() + PATIENCE_MS + 100;
    do {
      await Promise.all(this.#guests.map((probe) => probe.catchUp()));
    } while (!(await until(settled, LOOK_AGAIN_MS)) && performance.now() < deadline);
    await Promise.all(this.#guests.map((probe) => probe.stop()));
  }

  /** One for each probe, in order. */
  measure(startMs: number, endMs: number): PingMeasurement[] {
    return this.#all.map((probe) =>
      measurePing(probe.events, {
        from: probe.from,
        to: probe.to,
        network: probe.network,
        address: probe.address,
        intervalMs: probe.intervalMs,
        startMs: this.#begunMs(probe, startMs),
        endMs,
        clockOffsetMs: this.offsetMs(probe),
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#hosts, ...this.#guests].map((each) => each.stop()));
  }

  /** For a probe the run begins with its first request that was answered: before it ping itself was on its way up. */
  #begunMs(probe: RunningProbe, startMs: number): number {
    const first = probe.events.find((event) => event.kind === 'reply');
    return first?.kind === 'reply'
      ? Math.max(startMs, first.repliedAtMs - first.rttMs - this.offsetMs(probe))
      : startMs;
  }
}

/** False where nothing answered in time. */
export async function firstReply(probe: RunningProbe, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  return await until(() => probe.events.some((event) => event.kind === 'reply'), timeoutMs, signal);
}

function belongs({ from, to }: Probe, { vm, othersMoving }: Watching): boolean {
  const ends = from.kind === 'vm' ? [from.name, to] : [to];
  return ends.includes(vm) || !ends.some((end) => othersMoving.includes(end));
}

function waysOf({ topology, host }: Watching): (probe: Probe) => RunningProbe[] {
  return (probe) => {
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
      events: [],
      clockErrorMs: 0,
    }));
  };
}
