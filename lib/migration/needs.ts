import type { AnnounceFrame } from '../frames/announce.js';
import type { PingEvent } from '../measure/ping-stream.js';
import type { QemuEvent } from '../measure/qemu-events.js';
import type { QueueDrops } from '../measure/queue-drops.js';
import type { Change } from '../model/change.js';
import type { ClockOffset } from '../model/clock-offset.js';
import type { StorageProof } from '../model/disk.js';
import type { Topology, Vm } from '../model/topology.js';
import type { IncomingVm } from '../plan/desired.js';
import type { SeenMac } from '../plan/moving-macs.js';

/** What a migration needs of a host. The stages know nothing of SSH, virsh or ovs-ofctl. */
export interface MigrationHost {
  readonly name: string;
  measureClock(): Promise<ClockOffset>;
  /** null: libvirt there knows no such domain. */
  domain(name: string): Promise<DomainSeen | null>;
  /** The name of a domain there that is on and has a MAC of the VM's; null: there is none. */
  macRival(vm: Vm): Promise<string | null>;
  /** Memory that a VM could have, in bytes. */
  availableMemoryBytes(): Promise<number>;
  /** Whether the CPU that the domain asks for can be had there; null: yes, else why not. */
  cpuProblem(domainXml: string): Promise<string | null>;
  /** Brings bridges, ports, devices and flows to what the topology wants there; never touches VMs. */
  converge(view: HostView): Promise<readonly Change[]>;
  migrate(options: MigrateRequest): Promise<MigrateCommand>;
  /** Stands by to steer the domain's running migration within milliseconds. */
  control(domain: string): Promise<MigrationControl>;
  /** Puts a frame that means nothing into the tap of a VM that is on its way here. */
  primeTap(vm: string, nicIndex: number): Promise<void>;
  /** What queues there have dropped: the VM's taps, and those by which a switch in userspace reads its ports. */
  queueDrops(vm: string): Promise<readonly QueueDrops[]>;
  /** For a while takes what comes for a NIC's MACs from where it was, without learning from it who lives there. */
  acceptLate(nic: VmNic, macs: readonly string[], from: string): Promise<void>;
  /** Ends that: the VM has left, and what comes for it must meet the tables again. */
  refuseLate(network: string, macs: readonly string[]): Promise<void>;
  /** Stands by to send frames for a VM towards `to` instead of to its tap here. */
  redirect(request: RedirectRequest): Promise<Redirect>;
  abortMigration(domain: string): Promise<void>;
  /** Whether libvirt there works on the domain; false too where it knows none of that name. */
  hasJob(domain: string): Promise<boolean>;
  jobStats(domain: string, which: 'running' | 'completed'): Promise<string>;
  /** What libvirt and the domain's QEMU there have called an error since then, by that host's clock; oldest first. */
  libvirtErrors(domain: string, sinceMs: number): Promise<readonly string[]>;
  undefine(domain: string): Promise<void>;
  destroy(domain: string): Promise<void>;
  resume(domain: string): Promise<void>;
  /** From now on it starts with that host. */
  startWithHost(domain: string): Promise<void>;
  followQemuEvents(domain: string, onEvent: (event: QemuEvent) => void): Promise<Follower>;
  followFdb(
    network: string,
    macs: readonly string[],
    onMove: (mac: string, move: FdbMove) => void,
  ): Promise<FdbFollower>;
  /** Tells of every entry of that table as it comes or changes. */
  followLearning(network: string, onSeen: (seen: SeenMac) => void): Promise<FdbFollower>;
  /** Makes the host's table forget where the MAC is, whoever said so, and says what it held. The next frame from there teaches it anew. */
  forget(network: string, mac: string): Promise<readonly string[]>;
  /** The host's forwarding table for that network; of several entries for a MAC the one that decides comes first. */
  fdb(network: string): Promise<readonly SeenMac[]>;
  /**
   * What the switch there would do with frames for a NIC's MACs: for each MAC one answer for each arrival. None is
   * sent, nothing is learned.
   */
  traceFrames(nic: VmNic, macs: readonly string[], arrivals: readonly FrameArrival[]): Promise<readonly FrameTrace[][]>;
  /** Sends the rounds of frames as if the VM had: into the pipeline, from the VM's port. */
  announce(nic: VmNic, rounds: readonly AnnounceRound[]): Promise<void>;
  /** Pings from the host's own port in the network. */
  followPing(request: PingRequest, onEvent: (event: PingEvent) => void): Promise<Follower>;
  /** Makes one of the lab's own guests ping; asked over the overlay, from this host's port in the network. */
  guestPing(request: GuestPingRequest, what: 'start' | 'stop'): Promise<void>;
  /** What the guest's ping has printed, after so many bytes. */
  guestPingLog(request: GuestPingRequest, sinceBytes: number): Promise<string>;
  /** How far the guest's clock is ahead of this host's. */
  guestClock(request: GuestPingRequest): Promise<ClockOffset>;
}

export interface HostView {
  readonly topology: Topology;
  /** VMs on their way to that host. */
  readonly incoming: readonly IncomingVm[];
}

export interface DomainSeen {
  readonly state: string;
  /** Why it is in that state, in libvirt's words. */
  readonly reason?: string;
  readonly xml: string;
  /** With what it runs; null: it is off. */
  readonly live?: string | null;
  readonly autostart?: boolean;
  readonly persistent?: boolean;
}

export interface MigrateRequest {
  readonly domain: string;
  readonly destinationUri: string;
  readonly migrateAddress: string;
  readonly postCopy: boolean;
  /** Post-copy begins on our word, not by itself after the first pass. */
  readonly waitForPostCopy: boolean;
  readonly autoConverge: boolean;
  readonly bandwidthBytesPerSecond: number | null;
  readonly storage: StorageProof;
}

export interface VmNic {
  readonly vm: string;
  /** From 0. */
  readonly index: number;
  readonly network: string;
}

/** Steers the migration that runs at its source. */
export interface MigrationControl {
  /** What `virsh domjobinfo --rawstats` prints. */
  jobStats(): Promise<string>;
  setMaxDowntime(downtimeMs: number): Promise<void>;
  setSpeed(mibPerSecond: number): Promise<void>;
  startPostCopy(): Promise<void>;
  close(): Promise<void>;
}

export interface RedirectRequest {
  readonly nic: VmNic;
  readonly macs: readonly string[];
  readonly domain: string;
  readonly from: string;
  readonly to: string;
  /** Frames that have waited so long for the guest to run are dropped. */
  readonly holdMs: number;
  /** Whether the guest runs at `to`. */
  readonly arrived: () => boolean;
  /** It took itself back. */
  readonly onLifted: () => void;
}

/** A redirect that stands ready; when we are gone, or it has stood too long for a guest that does not arrive, it takes itself back. */
export interface Redirect {
  arm(): Promise<void>;
  disarm(): Promise<void>;
  /** As `disarm`, and frames that wait are dropped. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

/** A running `virsh migrate`. */
export interface MigrateCommand {
  readonly ended: Promise<{ readonly exitCode: number | null; readonly stderr: string }>;
  readonly isOver: boolean;
}

/** Something that goes on until it is stopped; `stop` resolves when it has ended. */
export interface Follower {
  stop(): Promise<void>;
}

/** Costs little until it is told to hurry: then moves are told as they happen. */
export interface FdbFollower extends Follower {
  hurry(): void;
  /** Why moves may be missing so far; null: none is. */
  gap(): string | null;
}

/** The forwarding table's entry for a MAC has come, changed or gone. Times by that host's clock. */
export interface FdbMove {
  /** null: it was there when the follower began. */
  readonly atMs: number | null;
  /** How much earlier it can have been: the switch holds its reports back. */
  readonly lateMs: number;
  /** null: the entry is gone. */
  readonly place: string | null;
}

/** Where a frame that a switch is asked about comes in: at a port of the host itself, or out of the tunnel towards another. */
export type FrameArrival = { readonly kind: 'local' } | { readonly kind: 'tunnel'; readonly from: string };

export interface FrameTrace {
  /** The port it came in by, or, where the host has none of its own, the table that it began in. */
  readonly cameInBy: string;
  /** The ports it leaves by, and the host that each leads to: the far end of a tunnel, or the traced host; null: not a port of ours. */
  readonly outputs: readonly { readonly port: string; readonly leadsTo: string | null }[];
  /** What keeps it from leaving by just those ports, in words; null: nothing does. */
  readonly problem: string | null;
  /** As the switch told it. */
  readonly text: string;
}

export interface AnnounceRound {
  /** After the round before it, or after the call. */
  readonly delayMs: number;
  readonly frames: readonly AnnounceFrame[];
}

/** A ping from inside a guest. */
export interface GuestPingRequest extends PingRequest {
  /** Where the guest is asked, and where it pings from. */
  readonly guestAddress: string;
}

export interface PingRequest {
  readonly network: string;
  readonly address: string;
  readonly intervalMs: number;
}
