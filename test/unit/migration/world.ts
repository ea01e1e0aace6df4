import { setTimeout as sleep } from 'node:timers/promises';
import type {
  JobOutcome,
  MigrationControl,
  MigrationJob,
  MigrationRequest,
  RunStateChange,
  VmDriver,
  VmSight,
} from '../../../lib/compute/driver.js';
import { DriverError } from '../../../lib/compute/driver-error.js';
import { type JobStats, parseJobStats } from '../../../lib/measure/jobinfo.js';
import type { Observer } from '../../../lib/measure/observer.js';
import type { HostParts } from '../../../lib/migration/host-parts.js';
import type { Images } from '../../../lib/migration/images.js';
import { migrate } from '../../../lib/migration/migrate.js';
import type { MigrationOptions } from '../../../lib/migration/migration.js';
import type { DiskCopy } from '../../../lib/model/disk-copy.js';
import { VxmigError } from '../../../lib/model/errors.js';
import { tapName } from '../../../lib/model/names.js';
import type { Topology } from '../../../lib/model/topology.js';
import type { FdbMove, NetworkPath, Redirect } from '../../../lib/network/path.js';
import { Placement } from '../../../lib/placement/placement.js';
import { nicsOf } from '../../../lib/plan/desired-vms.js';
import type { SeenMac } from '../../../lib/plan/moving-macs.js';
import { DEFAULT_SETTINGS, strategyFor } from '../../../lib/strategies/registry.js';
import { outlook } from '../negotiate/ends.js';
import { topologyOf } from '../plan/hosts.js';
import { sight } from './run.js';

/** What happens otherwise than it should, and when. Left out: all goes well. */
export interface Trouble {
  /** Calls that fail, by the host's role and the call: `source cancel`. */
  readonly failing?: ReadonlyMap<string, Failing>;
  /**
   * How the job ends: as it should; before the pause; in it, with the guest paused at one or at both ends; or well,
   * while it is told as failed.
   */
  readonly job?:
    | 'well'
    | 'fails copying'
    | 'fails paused'
    | 'fails paused at both'
    | 'fails torn'
    | 'well, told as failed';
  /** About what the destination has its doubts when it agrees. */
  readonly doubt?: string;
  /** Calling it off comes too late from here on. */
  readonly cancelTooLate?: boolean;
  /** Events that nobody hears. */
  readonly unheard?: readonly ('stopped' | 'resumed')[];
  /** How late events come, in milliseconds, from 0 to this; the same for calls. */
  readonly jitterMs?: number;
  /** So many frames have come for it between two looks at its taps. */
  readonly framesPerLook?: number;
  /** Hears of each call, counted from 1. */
  readonly onCall?: (count: number) => void;
  /** From 0 to 1; the same series for the same world. */
  readonly random?: () => number;
}

/**
 * How often a call fails, and how; the first ones may go well. What it was to do is done all the same by whatever
 * steers a job: an answer was lost.
 */
export interface Failing {
  times: number;
  skip?: number;
  readonly kind: 'refused' | 'silent' | 'broken';
}

type Role = 'source' | 'destination' | 'onlooker';

/** Its disk is on host-a alone, and goes along. */
const COPY: DiskCopy = {
  target: 'vda',
  job: 'drive-virtio-disk0',
  path: '/srv/own/plans-web-0.raw',
  format: 'raw',
  sizeBytes: 2 ** 20,
  neededBytes: 2 ** 20,
  base: null,
  arriving: { topology: 'plans', vm: 'web', index: 0, from: 'host-a' },
  replaces: [],
  own: { before: { topology: 'plans', vm: 'web', index: 0 }, after: { topology: 'plans', vm: 'web', index: 0 } },
};

/** One VM, its hosts, and all that a migration does to them, without any host. */
export class World {
  readonly topology: Topology = topologyOf(['probes:\n  - {from: host-c, to: web}\n', 'probes: []\n']);
  readonly placement = new Placement(this.topology);
  /** Where its memory is, and whether it runs there. */
  readonly at = new Map<string, 'running' | 'paused'>([['host-a', 'running']]);
  /** Instants at which it ran at two hosts. */
  readonly twice: string[] = [];
  /** What was ended though it had the only memory. */
  readonly lost: string[] = [];
  /** What was done, in order. */
  readonly done: string[] = [];
  readonly #listeners: { host: string; hear: (change: RunStateChange) => void }[] = [];
  readonly #followers: { host: string; mac: string; hear: (mac: string, move: FdbMove) => void }[] = [];
  /** By host: where its table has the VM. */
  readonly tables = new Map<string, string>();
  readonly redirects = new Set<string>();
  /** By host: whether an image of its disk there is marked as the VM's. */
  readonly images = new Map<string, 'its' | 'arriving'>([['host-a', 'its']]);
  /** By host: whether the VM has a tap there. */
  readonly taps = new Set<string>(['host-a']);
  #job: 'none' | 'copying' | 'switching' | 'over' = 'none';
  #pass = 1;
  #frames = 0;
  /** By host: how many frames the VM's tap there holds, where somebody has said so. */
  readonly room = new Map<string, number>();
  #endJob: (outcome: JobOutcome) => void = () => {};
  #isOver = false;

  constructor(readonly trouble: Trouble = {}) {
    for (const { name } of this.topology.hosts) this.tables.set(name, 'host-a');
  }

  /** Moves the VM from host-a to host-b. */
  async migrate(options: Partial<MigrationOptions> = {}, signal = new AbortController().signal) {
    const [vm] = this.topology.vms;
    const hosts = this.topology.hosts.map(({ name }) => this.#parts(name));
    const [source, destination] = hosts;
    if (vm === undefined || source === undefined || destination === undefined) throw new Error('too few');
    const all = {
      strategy: 'pre-copy',
      bandwidthBytesPerSecond: null,
      timeoutMs: 5_000,
      copyStorage: null,
      ...DEFAULT_SETTINGS,
      redirect: true,
      ...options,
    };
    return await migrate(
      {
        topology: this.topology,
        placement: this.placement,
        vm,
        domain: vm.name,
        nics: nicsOf(this.topology, vm),
        source,
        destination,
        hosts,
        options: all,
        strategy: strategyFor(all),
        signal,
        lookAhead: async () => {
          await this.#call('host-a', 'lookAhead');
          const { doubt = '' } = this.trouble;
          const taken = { step: 'request', host: 'host-b', ok: true, why: doubt, reasons: [] } as const;
          return outlook({ storage: { disks: [], copies: [COPY] }, answer: { steps: [taken], refusals: [] } });
        },
        portSilence: async () => null,
      },
      {
        emit: () => {},
        watching: { topology: this.topology, vm: vm.name, othersMoving: [], host: () => source },
      },
    );
  }

  get running(): string[] {
    return [...this.at].flatMap(([host, state]) => (state === 'running' ? [host] : []));
  }

  #role(host: string): Role {
    return host === 'host-a' ? 'source' : host === 'host-b' ? 'destination' : 'onlooker';
  }

  /** Takes its time, and fails where it is to. */
  async #call(host: string, what: string): Promise<void> {
    await this.#wait();
    const name = `${this.#role(host)} ${what}`;
    this.done.push(name);
    this.trouble.onCall?.(this.done.length);
    const failing = this.trouble.failing?.get(name);
    if (failing === undefined || failing.times <= 0) return;
    if (failing.skip) {
      failing.skip -= 1;
      return;
    }
    failing.times -= 1;
    const error = new VxmigError(failing.kind === 'broken' ? 'SSH_CONNECT' : 'COMMAND_FAILED', `${name} failed`);
    throw failing.kind === 'broken' ? error : new DriverError(failing.kind, error);
  }

  async #wait(): Promise<void> {
    const { jitterMs = 0, random = Math.random } = this.trouble;
    if (jitterMs > 0) await sleep(random() * jitterMs);
    else await new Promise(setImmediate);
  }

  #set(host: string, state: 'running' | 'paused' | null): void {
    const before = this.at.get(host);
    if (state === null) this.at.delete(host);
    else this.at.set(host, state);
    if (this.running.length > 1) this.twice.push(`at ${this.running.join(' and ')}`);
    if (before === 'running' && state === 'paused') this.#tell(host, 'stopped');
    if (before !== 'running' && state === 'running') this.#tell(host, 'resumed');
  }

  #tell(host: string, kind: 'stopped' | 'resumed'): void {
    if (this.trouble.unheard?.includes(kind)) return;
    const atMs = Date.now();
    for (const { hear } of this.#listeners.filter((one) => one.host === host))
      void this.#wait().then(() => hear({ kind, atMs }));
  }

  /** What a hypervisor does when its limit has been lifted. */
  async #switch(postCopy: boolean): Promise<void> {
    if (this.#job !== 'copying') return;
    this.#job = 'switching';
    const { job = 'well' } = this.trouble;
    await this.#wait();
    // It was called off meanwhile.
    if (this.#isOver) return;
    this.#set('host-a', 'paused');
    await this.#wait();
    if (job === 'fails paused') {
      this.#end({ kind: 'failed', why: 'the connection broke', hint: '' });
      return;
    }
    this.at.set('host-b', 'paused');
    if (postCopy) this.#set('host-b', 'running');
    await this.#wait();
    if (job === 'fails paused at both' || job === 'fails torn') {
      // Post-copy that breaks off leaves both standing.
      if (postCopy) this.#set('host-b', 'paused');
      this.#end({ kind: 'failed', why: 'the connection broke', hint: '' });
      return;
    }
    this.#set('host-a', null);
    await this.#wait();
    if (!postCopy) this.#set('host-b', 'running');
    const failed: JobOutcome = { kind: 'failed', why: 'nobody heard of its end', hint: '' };
    this.#end(job === 'well, told as failed' ? failed : { kind: 'completed' });
  }

  #end(outcome: JobOutcome): void {
    this.#job = 'over';
    this.#isOver = true;
    this.#endJob(outcome);
  }

  #parts(name: string): HostParts {
    return {
      name,
      vms: this.#driver(name),
      path: this.#path(name),
      observer: this.#observer(name),
      images: this.#images(name),
    };
  }

  #images(host: string): Images {
    const call = (what: string) => this.#call(host, what);
    return {
      receive: async () => {
        await call('receive');
        this.images.set(host, 'arriving');
      },
      discard: async () => {
        await call('discard');
        if (this.at.has(host) || this.images.get(host) === 'its') this.lost.push(`the image at ${host} was discarded`);
        this.images.delete(host);
      },
      keep: async () => {
        await call('keep');
        this.images.set(host, 'its');
      },
      remove: async () => {
        await call('remove');
        if (this.at.has(host) || this.images.get('host-b') !== 'its')
          this.lost.push(`the image at ${host} was removed`);
        this.images.delete(host);
      },
    };
  }

  #driver(host: string): VmDriver {
    const call = (what: string) => this.#call(host, what);
    const isSource = host === 'host-a';
    return {
      host,
      look: async () => {
        await call('look');
        return this.#look(host);
      },
      macRival: async () => null,
      migrate: async (request) => {
        await call('migrate');
        return this.#begin(request);
      },
      control: async () => {
        await call('control');
        return this.#control(host);
      },
      statistics: async () => this.#statistics(),
      lastStatistics: async () => {
        await call('lastStatistics');
        return null;
      },
      hasJob: async () => {
        await call('hasJob');
        return isSource && ['copying', 'switching'].includes(this.#job);
      },
      cancel: async () => {
        await call('cancel');
        if (!isSource || this.#isOver || this.#job === 'none' || this.trouble.cancelTooLate) return;
        // What has begun comes to its end.
        if (this.#job === 'copying') this.#end({ kind: 'failed', why: 'it was called off', hint: '' });
      },
      resume: async () => {
        await call('resume');
        if (this.at.get(host) !== 'paused')
          throw new DriverError('refused', new VxmigError('COMMAND_FAILED', 'not paused'));
        this.#set(host, 'running');
      },
      stop: async () => {
        await call('stop');
        if (this.at.size === 1 && this.at.has(host)) this.lost.push(`stopped at ${host}`);
        this.#set(host, null);
      },
      forget: async () => call('forget'),
      startWithHost: async () => call('startWithHost'),
      followRunState: async (_, hear) => {
        await call('followRunState');
        const listener = { host, hear };
        this.#listeners.push(listener);
        return { stop: async () => void this.#listeners.splice(this.#listeners.indexOf(listener), 1) };
      },
    };
  }

  #look(host: string): VmSight | null {
    const state = this.at.get(host);
    return state === undefined ? null : sight({ state });
  }

  #begin({ postCopy }: MigrationRequest): MigrationJob {
    this.#job = 'copying';
    const outcome = new Promise<JobOutcome>((resolve) => {
      this.#endJob = resolve;
    });
    if (this.trouble.job === 'fails copying')
      void this.#wait().then(() => this.#end({ kind: 'failed', why: 'QEMU has ended', hint: '' }));
    if (postCopy === 'by itself') void this.#wait().then(() => this.#switch(true));
    const isOver = () => this.#isOver;
    return {
      outcome,
      get isOver() {
        return isOver();
      },
    };
  }

  #control(host: string): MigrationControl {
    const call = (what: string) => this.#call(host, what);
    return {
      statistics: async () => {
        await call('statistics');
        return this.#statistics();
      },
      setMaxDowntime: async (ms) => {
        if (ms > 1) void this.#switch(false);
        await call('setMaxDowntime');
      },
      setSpeed: async () => call('setSpeed'),
      startPostCopy: async () => {
        void this.#switch(true);
        await call('startPostCopy');
      },
      close: async () => {},
    };
  }

  /** A guest with little to do, seen at the beginning of a later pass each time. */
  #statistics(): JobStats | null {
    if (!['copying', 'switching'].includes(this.#job)) return null;
    this.#pass += 1;
    return parseJobStats(
      'Job type: 2\nmemory_total: 134217728\nmemory_processed: 1000000\nmemory_remaining: 40000\n' +
        `memory_bps: 100000000\nmemory_iteration: ${this.#pass}\n`,
    );
  }

  #path(host: string): NetworkPath {
    const call = (what: string) => this.#call(host, what);
    const tap = (vm: string, index: number) => tapName(this.topology.name, vm, index);
    return {
      host,
      converge: async () => {
        await call('converge');
        const { topology, incoming } = this.placement.viewOf(host);
        const isHere = topology.vms.some((vm) => vm.host === host) || incoming.length > 0;
        if (isHere) this.taps.add(host);
        else if (this.at.get(host) === 'running') this.lost.push(`the tap of the guest that runs at ${host}`);
        else this.taps.delete(host);
      },
      primeTap: async () => call('primeTap'),
      queueDrops: async () => [],
      tapRoom: async () => {
        this.#frames += this.trouble.framesPerLook ?? 0;
        return [{ device: tap('web', 0), holds: this.room.get(host) ?? 1_000, frames: this.#frames }];
      },
      setTapRoom: async (_, holds) => {
        await call('setTapRoom');
        this.room.set(host, holds);
      },
      acceptLate: async () => call('acceptLate'),
      refuseLate: async () => call('refuseLate'),
      redirect: async () => {
        await call('redirect');
        return this.#redirect(host);
      },
      followFdb: async (_, macs, hear) => {
        await call('followFdb');
        const followers = macs.map((mac) => ({ host, mac, hear }));
        this.#followers.push(...followers);
        for (const mac of macs) hear(mac, { atMs: null, lateMs: 0, place: this.tables.get(host) ?? null });
        return { hurry: () => {}, gap: () => null, stop: async () => {} };
      },
      followLearning: async () => ({ hurry: () => {}, gap: () => null, stop: async () => {} }),
      forget: async () => {
        await call('forget entry');
        return [];
      },
      fdb: async () => {
        await call('fdb');
        return this.#table(host);
      },
      traceFrames: async ({ vm, index }, macs, arrivals) => {
        await call('traceFrames');
        const leadsTo =
          arrivals.some(({ kind }) => kind === 'tunnel') && host === 'host-b' ? host : this.tables.get(host);
        const port = leadsTo === host ? tap(vm, index) : `vx-${leadsTo}`;
        const outputs = [{ port, leadsTo: leadsTo ?? null }];
        return macs.map(() => arrivals.map(({ kind }) => ({ cameInBy: kind, outputs, problem: null, text: '' })));
      },
      announce: async () => {
        await call('announce');
        if (!this.taps.has(host)) throw new VxmigError('HOST_UNFIT', `there is no tap at ${host}`);
        for (const { name } of this.topology.hosts) this.tables.set(name, host);
        for (const { hear, mac } of this.#followers) hear(mac, { atMs: Date.now(), lateMs: 0, place: host });
      },
    };
  }

  #table(host: string): SeenMac[] {
    const place = this.tables.get(host) ?? null;
    const macs = this.topology.vms.flatMap(({ nics }) => nics.map(({ mac }) => mac));
    return macs.map((mac) => ({ mac, place, port: null }));
  }

  #redirect(host: string): Redirect {
    const call = (what: string) => this.#call(host, what);
    const off = (what: string) => async () => {
      this.redirects.delete(host);
      await call(what);
    };
    return {
      arm: async () => {
        await call('arm');
        this.redirects.add(host);
      },
      disarm: off('disarm'),
      drop: off('drop'),
      close: async () => void this.redirects.delete(host),
    };
  }

  #observer(host: string): Observer {
    return {
      host,
      measureClock: async () => ({ offsetMs: 0, errorMs: 0.1 }),
      followPing: async () => ({ stop: async () => {} }),
      guestPing: async () => ({ read: async () => [], stop: async () => {} }),
      guestClock: async () => ({ offsetMs: 0, errorMs: 0 }),
    };
  }
}
