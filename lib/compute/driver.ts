import type { JobStats } from '../measure/jobinfo.js';
import type { ClockOffset } from '../model/clock-offset.js';
import type { StorageProof } from '../model/disk.js';
import type { Vm } from '../model/topology.js';

/**
 * What runs VMs on one host. Nothing of how it is spoken to crosses this: no definition's text, no status, no address
 * of a daemon.
 */
export interface VmDriver {
  readonly host: string;
  /** null: it knows none of that name. @throws DriverError */
  look(domain: string): Promise<VmSight | null>;
  /** The name of a VM there that is on and has a MAC of the VM's; null: there is none. */
  macRival(vm: Vm): Promise<string | null>;
  /**
   * Begins to move it to where `to` runs VMs; resolves when that has been asked for. @throws VxmigError where these two
   * cannot
   */
  migrate(request: MigrationRequest): Promise<MigrationJob>;
  /** Stands by to steer the VM's running migration within milliseconds. */
  control(domain: string): Promise<MigrationControl>;
  /** What is known of the job that runs; null: there is none, or nothing yet. */
  statistics(domain: string): Promise<JobStats | null>;
  /** What the last migration to here was in the end; null: nothing is known of it. */
  lastStatistics(domain: string): Promise<JobStats | null>;
  /**
   * Whether a job works on it, which may end it or bring it to life; false too where it is not known. @throws
   * DriverError
   */
  hasJob(domain: string): Promise<boolean>;
  /** Calls a migration off at its source; the VM goes on there. Harmless where there is none. @throws DriverError */
  cancel(domain: string): Promise<void>;
  /**
   * A paused one goes on. What has come for it while it stood still is dropped: nobody waits for answers to it. @throws
   * DriverError
   */
  resume(domain: string): Promise<void>;
  /** Ends it as if its power were cut. @throws DriverError */
  stop(domain: string): Promise<void>;
  /** Its definition goes; one that runs goes on running. @throws DriverError */
  forget(domain: string): Promise<void>;
  /** From now on it starts with that host. @throws DriverError */
  startWithHost(domain: string): Promise<void>;
  /** Tells when the guest is paused and let run, and how copies of its disks come along, from now on. */
  followRunState(domain: string, onChange: (change: RunStateChange | DiskCopyChange) => void): Promise<Follower>;
}

/** A VM as a driver sees it. */
export interface VmSight {
  /** By which it is the same VM on every host; empty: it could not be told, and any may be it. */
  readonly id: string;
  /** `running`, `paused`, `shut off`, `crashed`, or `other`. */
  readonly state: string;
  /** Why it is in that state, in the driver's word; empty: it does not say. */
  readonly reason: string;
  /** It has a memory: it runs, or stands still and could go on. */
  readonly isAlive: boolean;
  /** A migration has paused it, not its owner. */
  readonly pausedByMigration: boolean;
  readonly startsWithHost: boolean;
  /** It would be gone with its end. */
  readonly isTransient: boolean;
  /** The guest's own memory in bytes; null: not known. What a hypervisor sends besides is not in it. */
  readonly memoryBytes: number | null;
  /** MACs of NICs whose link its owner has taken down. */
  readonly unlinkedMacs: readonly string[];
  /** NICs that are not yet connected as its definition says; null: none. */
  pending(nics: readonly WantedNic[]): Pending | null;
}

/** A NIC of a VM and the tap that it is to have, on whatever host it is. */
export interface WantedNic {
  readonly mac: string;
  readonly device: string;
}

export interface Pending {
  readonly what: string;
  readonly fix: string;
}

export interface MigrationRequest {
  readonly domain: string;
  readonly to: VmDriver;
  readonly postCopy: PostCopy;
  readonly autoConverge: boolean;
  /** null: the hypervisor's own. */
  readonly bandwidthBytesPerSecond: number | null;
  readonly storage: StorageProof;
  /** By host: how far its clock is ahead of ours, for reading its logs. */
  readonly clocks: ReadonlyMap<string, ClockOffset>;
  /** Of a host, worth keeping with the run. */
  readonly note: (host: string, text: string) => void;
}

/** `on demand`: it begins on our word; `by itself`: after the first pass. */
export type PostCopy = 'never' | 'on demand' | 'by itself';

/** A migration under way. */
export interface MigrationJob {
  readonly outcome: Promise<JobOutcome>;
  readonly isOver: boolean;
}

/** How a driver's migration ended, as far as the driver says: where the VM is the hosts are asked for. */
export type JobOutcome =
  | { readonly kind: 'completed' }
  /** `why` in words that name the host and the cause; `hint` says where more is written. */
  | { readonly kind: 'failed'; readonly why: string; readonly hint: string };

/** Steers the migration that runs at its source. */
export interface MigrationControl {
  /** null: the job is not there yet, or not any more. @throws DriverError */
  statistics(): Promise<JobStats | null>;
  setMaxDowntime(downtimeMs: number): Promise<void>;
  setSpeed(mibPerSecond: number): Promise<void>;
  startPostCopy(): Promise<void>;
  close(): Promise<void>;
}

/** The guest was paused, or let run, or goes on at the destination without all of its memory; by that host's clock. */
export interface RunStateChange {
  readonly kind: 'stopped' | 'resumed' | 'post-copy began';
  readonly atMs: number;
}

/** Of a copy of a disk, by the hypervisor's name of its job; by that host's clock. */
export interface DiskCopyChange {
  /** `disk in sync`: from now on each write goes to both ends. */
  readonly kind: 'disk began' | 'disk in sync' | 'disk ended';
  readonly job: string;
  /** So much of the disk has been gone through, what was written anew included; null: it is not told. */
  readonly bytes: number | null;
  readonly atMs: number;
}

/** Something that goes on until it is stopped; `stop` resolves when it has ended. */
export interface Follower {
  stop(): Promise<void>;
}
