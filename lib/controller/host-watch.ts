import type { HostShell } from '../host/connection.js';
import type { Change } from '../model/change.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { Host, Topology } from '../model/topology.js';
import type { WatchNews } from '../model/watch-event.js';
import type { WatchedState } from '../model/watch-state.js';
import { OvsBackend } from '../network/ovs/backend.js';
import { Placement } from '../placement/placement.js';
import { driftNews } from '../plan/drift.js';
import type { ObservedHost } from '../plan/observed.js';
import { ownedBy } from '../plan/ownership.js';
import { type Plan, planTopology } from '../plan/plan.js';
import { tunnelPorts } from '../plan/tunnel-ports.js';
import { withHostLocks } from './host-locks.js';
import { LookTimer } from './look-timer.js';
import type { WatchMeans } from './watch-means.js';
import { mayRepair, type WatchOptions } from './watch-options.js';
import type { WatchedCpus } from './watched-cpus.js';
import type { WatchedHost } from './watched-host.js';

/** One host's part of a watch: one look after the other, as long as the host is there. */
export class HostWatch {
  #watched: WatchedHost | null = null;
  #observed: ObservedHost | null = null;
  #drifts: readonly Change[] = [];
  #look: WatchedState['look'] = null;
  #repairRetryMs: number;
  #trouble: string | null = null;
  #isBusy = false;
  readonly #timer = new LookTimer();
  readonly #network: OvsBackend;

  constructor(
    private readonly topology: Topology,
    private readonly host: Host,
    private readonly options: WatchOptions,
    private readonly all: readonly HostWatch[],
    private readonly means: WatchMeans,
    private readonly cpus: WatchedCpus,
  ) {
    this.#repairRetryMs = means.times.repairRetryMs.first;
    const session = () => {
      if (this.#watched === null) throw new Error(`${host.name} is not connected`);
      return this.#watched.session;
    };
    this.#network = new OvsBackend({ topology, session, sessions: new Map() });
  }

  async open(): Promise<void> {
    const stir = () => this.#timer.within(this.means.times.debounceMs);
    this.#watched = await this.means.open(this.topology, this.host, stir);
    await this.observe();
  }

  async close(): Promise<void> {
    await this.#watched?.close();
    this.#watched = null;
  }

  get isConnected(): boolean {
    return this.#watched !== null;
  }

  get observed(): ObservedHost | null {
    return this.#observed;
  }

  state(): WatchedState {
    const ours = this.#observed?.bridges.filter(({ externalIds }) => ownedBy(this.topology.name, externalIds)) ?? [];
    const vms = this.#observed?.domains.filter(({ owner }) => owner?.topology === this.topology.name) ?? [];
    return {
      host: this.host.name,
      connected: this.isConnected,
      drifts: this.#drifts,
      look: this.#look,
      tunnels: ours.flatMap((bridge) => tunnelPorts(this.topology.networks, bridge)).length,
      vmsRunning: vms.filter(({ state }) => state === 'running').length,
    };
  }

  async run(signal: AbortSignal): Promise<void> {
    let first = true;
    while (!signal.aborted) {
      const watched = this.#watched ?? (await this.#reconnect(signal));
      if (watched === null) return;
      const ended = new AbortController();
      const gone = watched.lost.then((why) => {
        ended.abort();
        return why;
      });
      await this.#lookAround(watched, AbortSignal.any([signal, ended.signal]), first ? 'first' : 'again');
      first = false;
      if (signal.aborted) return;
      await watched.close();
      this.#watched = null;
      this.#tell({ event: 'lost', why: await gone, retryInMs: this.means.times.reconnectMs.first });
    }
  }

  async #reconnect(signal: AbortSignal): Promise<WatchedHost | null> {
    const { first, most } = this.means.times.reconnectMs;
    for (let waitMs = first; ; waitMs = Math.min(2 * waitMs, most)) {
      await this.means.pause(waitMs, signal);
      if (signal.aborted) return null;
      try {
        await this.open();
        return this.#watched;
      } catch (error) {
        if (!(error instanceof VxmigError)) throw error;
        await this.close();
      }
    }
  }

  /** One look after the other, as long as the host is there. */
  async #lookAround(watched: WatchedHost, signal: AbortSignal, which: 'first' | 'again'): Promise<void> {
    this.#timer.reset();
    let told = false;
    while (!signal.aborted) {
      if (!(await this.#timer.due(signal))) continue;
      this.#timer.begun(this.means.times.lookEveryMs);
      const drifts = await this.#attempt(watched, signal);
      if (!told && drifts !== null) {
        told = true;
        this.#tell({ event: 'watching', observationMs: this.#look?.durationMs ?? 0, drifts, again: which === 'again' });
      }
    }
  }

  /** How many drifts there are; null where it could not be told. */
  async #attempt(watched: WatchedHost, signal: AbortSignal): Promise<number | null> {
    try {
      const isJudged = (await watched.isQuiet()) && (await this.#judge(watched, signal));
      if (!isJudged) this.#beBusy();
      this.#isBusy = !isJudged;
      this.#trouble = null;
      return isJudged ? this.#drifts.length : null;
    } catch (error) {
      // The host is gone, or the watch is over: no failure of its own.
      if (signal.aborted && error === signal.reason) return null;
      if (!(error instanceof VxmigError)) throw error;
      if (error.code === 'LOCKED') {
        this.#beBusy();
        return null;
      }
      const why = messageOf(error);
      if (why !== this.#trouble && !signal.aborted && watched.session.ovs.connection.isOpen)
        this.#tell({ event: 'trouble', why });
      this.#trouble = why;
      this.#timer.within(this.means.times.troubleRetryMs);
      return null;
    }
  }

  async observe(): Promise<void> {
    if (this.#watched === null) return;
    const beganMs = performance.now();
    this.#observed = await this.#watched.session.observe(this.topology.name);
    this.#look = { atMs: Date.now(), durationMs: Math.round(performance.now() - beganMs) };
  }

  #beBusy(): void {
    if (!this.#isBusy) this.#tell({ event: 'busy', why: 'another controller works there' });
    this.#isBusy = true;
    this.#timer.within(this.means.times.busyRetryMs);
  }

  /** False where another controller has come meanwhile: half of a migration is no drift. */
  async #judge(watched: WatchedHost, signal: AbortSignal): Promise<boolean> {
    // One that is down has no flows and no routes, and takes no change: that is one trouble, and not many drifts.
    await watched.session.shell.run(['ovs-appctl', '-t', 'ovs-vswitchd', 'version']);
    await this.observe();
    if (!(await watched.isQuiet())) return false;
    this.#compare(await this.#plan());
    if (this.options.repair !== 'nothing' && this.#drifts.some((drift) => mayRepair(this.options.repair, drift))) {
      const work = `watch --repair ${this.topology.name}`;
      const request = { ...{ work, timeoutMs: 0, steal: false, emit: () => {} }, signal };
      await withHostLocks([watched.session], request, (held) => this.#repair(watched, held));
    }
    return true;
  }

  /** For this host, from the last looks at all: one that is away holds what it held. */
  async #plan(): Promise<Plan> {
    const observed = this.all.flatMap((one) => one.observed ?? []);
    const vms = await this.cpus.facts(observed, this.host.name, this.#shells());
    const planners = { network: this.#network.planner(observed), vms };
    return planTopology(this.topology, observed, planners, this.host.name);
  }

  #shells(): ReadonlyMap<string, HostShell> {
    return new Map(
      this.all.flatMap((one): [string, HostShell][] =>
        one.#watched === null ? [] : [[one.host.name, one.#watched.session.shell]],
      ),
    );
  }

  #compare(plan: Plan): void {
    const now = plan.changes.filter((change) => change.host === this.host.name);
    const { appeared, gone } = driftNews(this.#drifts, now);
    this.#drifts = now;
    for (const { host: _, ...drift } of appeared) this.#tell({ event: 'drift', ...drift });
    for (const { host: _, ...drift } of gone) this.#tell({ event: 'gone', ...drift });
  }

  /** @param held aborted when the lock is not ours any more */
  async #repair(watched: WatchedHost, held: AbortSignal): Promise<void> {
    try {
      // Where a VM runs is for all hosts together to tell.
      await Promise.all(this.all.map((one) => one.observe()));
      const plan = await this.#plan();
      const done = [
        ...(await this.#network.converge(this.host.name, () => new Placement(plan.current).viewOf(this.host.name))),
        ...(await this.#startVms(plan, held)),
      ];
      this.#repairRetryMs = this.means.times.repairRetryMs.first;
      for (const { host: _, ...drift } of done) this.#tell({ event: 'repaired', ...drift });
      this.#drifts = this.#drifts.filter(
        (drift) => !done.some(({ kind, name }) => kind === drift.kind && name === drift.name),
      );
      await this.observe();
      this.#compare(await this.#plan());
    } catch (error) {
      held.throwIfAborted();
      if (!(error instanceof VxmigError) || !watched.session.ovs.connection.isOpen) throw error;
      this.#tell({ event: 'repair-failed', why: messageOf(error) });
      this.#timer.within(this.#repairRetryMs);
      this.#repairRetryMs = Math.min(2 * this.#repairRetryMs, this.means.times.repairRetryMs.most);
    }
  }

  /** While a host is away nobody can say that a VM does not run there. */
  async #startVms(plan: Plan, held: AbortSignal): Promise<readonly Change[]> {
    if (this.options.repair !== 'vms' || this.all.some((one) => !one.isConnected)) return [];
    const steps = plan.vms.find(({ host }) => host === this.host.name)?.steps ?? [];
    const stopped = steps.flatMap((step) => (step.kind === 'start' ? [step.domain] : []));
    const begun = steps.filter(({ kind, domain }) => kind !== 'resume' && stopped.includes(domain));
    // Who has stolen the lock may move them just now.
    held.throwIfAborted();
    await this.#watched?.session.executeDomains(begun, this.options.emit);
    return plan.changes.filter(
      ({ host, kind, name }) => host === this.host.name && kind === 'vm' && stopped.includes(name),
    );
  }

  #tell(news: WatchNews): void {
    this.options.emit({ kind: 'watch', host: this.host.name, news });
  }
}
