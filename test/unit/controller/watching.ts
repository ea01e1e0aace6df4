import { Watch } from '../../../lib/controller/watch.js';
import { WATCH_MEANS } from '../../../lib/controller/watch-means.js';
import type { RepairScope } from '../../../lib/controller/watch-options.js';
import { WatchedHost } from '../../../lib/controller/watched-host.js';
import { VxmigError } from '../../../lib/model/errors.js';
import type { VxmigEvent } from '../../../lib/model/event.js';
import type { Topology } from '../../../lib/model/topology.js';
import type { ObservedDomain, ObservedHost } from '../../../lib/plan/observed.js';
import { appliedHosts, type HostFacts, KERNEL } from '../plan/hosts.js';
import { Fleet } from './fleet.js';

export const broken = ({ bridges }: ObservedHost) => ({
  bridges: bridges.map((bridge) => ({ ...bridge, failMode: 'standalone' })),
});
export const whole = ({ bridges }: ObservedHost) => ({
  bridges: bridges.map((bridge) => ({ ...bridge, failMode: 'secure' })),
});
export const vmIs = (more: Partial<ObservedDomain>) => (host: ObservedHost) => ({
  domains: host.domains.map((domain) => ({ ...domain, ...more })),
});
export const OFF = vmIs({ state: 'shut off', live: null });

/** Short enough for a test; what nobody tells of is not looked for. */
const TIMES = {
  debounceMs: 1,
  busyRetryMs: 1,
  troubleRetryMs: 1,
  lookEveryMs: 600_000,
  reconnectMs: WATCH_MEANS.times.reconnectMs,
  repairRetryMs: { first: 1, most: 2 },
};

/** Hosts in memory that are watched, with all that is told of them. */
export class Watching {
  readonly fleet: Fleet;
  /** `host-a drift bridge br-blue`: what was told, in order. */
  readonly told: string[] = [];
  /** What was waited before a host was tried again. */
  readonly pauses: number[] = [];
  /** Hosts that cannot be reached. */
  readonly away = new Set<string>();
  /** Asked when a host is tried again. */
  beforeOpen: (host: string) => void = () => undefined;
  /** Hears of all that is told, at once: `host-a drift`. */
  onTold: (what: string) => void = () => undefined;
  readonly #end = new AbortController();
  #watch: Watch | null = null;
  #over: Promise<void> = Promise.resolve();

  constructor(
    private readonly topology: Topology,
    facts: HostFacts = KERNEL,
  ) {
    this.fleet = new Fleet(topology, appliedHosts(topology, facts));
    for (const { name } of topology.hosts) this.fleet.shell(name).on(/^ovs-appctl -t ovs-vswitchd version$/);
  }

  async begin(repair: RepairScope = 'nothing'): Promise<this> {
    const { signal } = this.#end;
    const emit = (event: VxmigEvent) => {
      if (event.kind !== 'watch') return;
      const { event: what, ...rest } = event.news;
      const words = 'name' in rest ? [rest.kind, rest.name] : Object.values(rest).slice(-2);
      this.told.push([event.host, what, ...words].join(' '));
      this.onTold([event.host, what].join(' '));
    };
    const open: typeof WatchedHost.open = async (topology, { name }, stir) => {
      this.beforeOpen(name);
      if (this.away.has(name)) throw new VxmigError('SSH_CONNECT', `${name} is away`, { where: name });
      return await WatchedHost.of(topology, await this.fleet.open(name), stir);
    };
    const pause = async (ms: number) => {
      this.pauses.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
    };
    this.#watch = await Watch.begin(this.topology, { repair, emit, signal }, { open, pause, times: TIMES });
    this.#over = this.#watch.run(signal);
    // Who fails is asked for at the end.
    this.#over.catch(() => undefined);
    for (const { name } of this.topology.hosts) await this.hears(`${name} watching 0 false`);
    this.told.length = 0;
    return this;
  }

  get state() {
    return this.#watch?.state() ?? [];
  }

  /** Somebody changes a host, and the host tells of it. */
  change(name: string, change: (host: ObservedHost) => Partial<ObservedHost>): void {
    this.fleet.change(name, change);
    this.fleet.database(name).stir();
  }

  /** Until that has been told; what was told before it, and since the last time, is the answer. */
  async hears(what: string): Promise<string[]> {
    await this.until(() => this.told.some((one) => one.includes(what)));
    const at = this.told.findIndex((one) => one.includes(what));
    return this.told.splice(0, at + 1);
  }

  async until(is: () => boolean): Promise<void> {
    while (!is()) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** Until that host has been looked at so often from now on. */
  async looks(name: string, count = 2): Promise<void> {
    const asked = this.fleet.shell(name).asked;
    for (const end = asked.length + count; asked.length < end; ) {
      this.fleet.database(name).stir();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async end(): Promise<void> {
    this.#end.abort();
    await this.#over;
  }

  /** As it ends by itself. */
  async over(): Promise<void> {
    await this.#over;
  }
}
