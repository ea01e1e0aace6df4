import type { PingEvent } from '../measure/ping-stream.js';
import type { QueueDrops } from '../measure/queue-drops.js';
import type { Repair, TraceProof } from '../model/certificate.js';
import type { ClockOffset } from '../model/clock-offset.js';
import type { StorageProof } from '../model/disk.js';
import type { VxmigError } from '../model/errors.js';
import type { Emit } from '../model/event.js';
import type { HostConvergence, TransferFigures } from '../model/migration-result.js';
import type { Strategy, Topology, Vm } from '../model/topology.js';
import type { LeftMac, MovingMac, SeenMac } from '../plan/moving-macs.js';
import type {
  FdbFollower,
  FdbMove,
  Follower,
  MigrateCommand,
  MigrationControl,
  MigrationHost,
  Redirect,
} from './needs.js';

export interface MigrationOptions {
  readonly strategy: Strategy;
  readonly bandwidthBytesPerSecond: number | null;
  /** For the whole copy. */
  readonly timeoutMs: number;
  /** Frames for the VM are sent ahead to its new host while it is paused, and wait there. */
  readonly redirect: boolean;
}

/** What the stages share. What they find out is written here by the stage that the comment names, and read by later ones. */
export interface MigrationContext {
  /** The VM where it runs now. */
  readonly topology: Topology;
  readonly vm: Vm;
  /** libvirt's name of it. */
  readonly domain: string;
  readonly source: MigrationHost;
  readonly destination: MigrationHost;
  readonly hosts: readonly MigrationHost[];
  /** As the source's virsh reaches the destination. */
  readonly destinationUri: string;
  readonly destinationAddress: string;
  readonly options: MigrationOptions;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly followers: Follower[];
  readonly fdbFollowers: FollowedTable[];
  readonly probes: RunningProbe[];
  /** By fdbKey; what was there at the start comes first. */
  readonly fdbMoves: Map<string, FdbMove[]>;
  /** What moves: the VM's own MACs, and from `reserve` on those of whoever is behind its NICs. */
  macs: readonly MovingMac[];
  /** MACs that may be at the VM and for which the whole of what is promised does not hold, and why. */
  left: readonly LeftMac[];
  /** The source's tables, by network, where anybody can be behind the VM's NIC. */
  readonly seen: Map<string, Map<string, SeenMac>>;
  /** More MACs are being made ready at all hosts. */
  covering: Promise<void> | null;
  /** check */
  clocks: Map<string, ClockOffset>;
  domainXml: string;
  /** MACs of NICs whose link is down: no ping of theirs is answered, or lost. */
  unlinked: readonly string[];
  storage: StorageProof | null;
  /** It starts with its host. */
  autostart: boolean;
  /** copy; times by the controller's clock */
  command: MigrateCommand | null;
  control: MigrationControl | null;
  /** What QEMU is allowed when the gate is opened. */
  downtimeMs: number;
  copyBeganAtMs: number | null;
  stoppedAtMs: number | null;
  resumedAtMs: number | null;
  /** Why the destination is not proven ready for frames that are sent ahead; resolves to null: it is. */
  unready: Promise<string | null> | null;
  /** What the hosts' queues had dropped when memory began to flow. */
  queuesBefore: Promise<QueueReading> | null;
  /** reserve, redirect */
  redirects: readonly PlacedRedirect[];
  armings: readonly Arming[];
  /** The copy is held before its end, or past it: whoever is not ready by now is too late. */
  held: boolean;
  /** Lets the copy that was held go on, until it is held at a later pass. */
  copyOn: (() => Promise<void>) | null;
  /** Between these two instants the sources' redirects took effect, which are the last. */
  armingAtMs: number | null;
  armedAtMs: number | null;
  /** The first of the redirects was taken back. */
  liftedAtMs: number | null;
  /** switch over */
  transfer: TransferFigures | null;
  /** announce; it begins at the resume, while the stage before it still waits for libvirt */
  arrival: Arrival | null;
  announced: { rarp: number; garp: number; na: number };
  /** verify */
  convergence: readonly HostConvergence[];
  proofs: readonly HostProof[];
  repairs: readonly Repair[];
  /** What the hosts' queues have dropped when all frames that waited have been answered. */
  queuesAfter: Promise<QueueReading> | null;
  /** Whether the VM can go from the source to the destination as it stands; null: the source does not have it. */
  readonly lookAhead: () => Promise<Outlook | null>;
  /** What keeps the source from reaching the port to which the memory would be sent; null: nothing does. */
  readonly portSilence: () => Promise<VxmigError | null>;
  /** Where a host's table should have the VM after the move: the destination, or for spokes the hub. */
  readonly expectedPlace: (host: string, network: string) => string;
  /** A spoke has the VM behind the hub before and after: there is nothing to converge. */
  readonly staysPut: (host: string, network: string) => boolean;
}

/** What a look at the VM and at both ends has shown. */
export interface Outlook {
  readonly storage: StorageProof | null;
  /** What is in the way, in one error; null where the storage is proven. */
  readonly obstacle: VxmigError | null;
  /** What QEMU takes for it there, and how much of that is the guest's. */
  readonly neededBytes: number;
  readonly guestBytes: number;
  /** A definition with the CPU that the guest has. */
  readonly cpuXml: string;
}

/** The follower of one host's table, and what of it is kept. */
export interface FollowedTable extends FdbFollower {
  /** As of `fdbMoves`. */
  readonly keys: readonly string[];
}

/** A reading of the hosts' queues; a host that could not be asked is not in it. */
export interface QueueReading {
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  readonly byHost: ReadonlyMap<string, readonly QueueDrops[]>;
}

/** What a host's switch does with frames for one of the VM's MACs. */
export interface HostProof {
  readonly host: string;
  readonly network: string;
  readonly mac: string;
  readonly traces: readonly TraceProof[];
}

/** A host that does not send frames for a MAC to where it should. */
export interface Astray {
  readonly host: string;
  readonly network: string;
  readonly mac: string;
  readonly found: string;
}

/** What goes on at the guest's arrival. */
export interface Arrival {
  /** All rounds have been sent, and the destination's port is one like any other. */
  readonly announced: Promise<void>;
  /** Resolves to the hosts that do not send to the new place, though they were made to learn. */
  readonly settled: Promise<readonly Astray[]>;
}

/** Where a redirect stands decides when it may be armed. */
export interface PlacedRedirect {
  readonly redirect: Redirect;
  readonly onTheWay: boolean;
}

export interface RunningProbe {
  readonly from: string;
  readonly to: string;
  /** The host that pings, or that asks the guest which does. */
  readonly host: MigrationHost;
  readonly network: string;
  readonly address: string;
  readonly intervalMs: number;
  /** The guest that pings; null: the host does. */
  readonly guest: { readonly vm: string; readonly address: string } | null;
  readonly events: PingEvent[];
  /** How far a guest's clock can be off against that of `host`; 0 for a host's own pings. */
  clockErrorMs: number;
}

/** An attempt to have frames sent ahead. */
export interface Arming {
  /** By the controller's clock. */
  readonly atMs: number;
  readonly tookMs: number;
  readonly inTime: boolean;
}

/** Key of MigrationContext.fdbMoves. */
export function fdbKey(host: string, network: string, mac: string): string {
  return `${host} ${network} ${mac}`;
}

/** How far the clock that a probe's events have is ahead of the controller's. */
export function probeOffsetMs(context: MigrationContext, probe: RunningProbe): number {
  // A guest's events are put right when they are read.
  return probe.guest === null ? (context.clocks.get(probe.host.name)?.offsetMs ?? 0) : 0;
}

/** An instant of a host's clock by the controller's. */
export function byController(context: MigrationContext, host: string, atMs: number): number {
  return atMs - (context.clocks.get(host)?.offsetMs ?? 0);
}

/** Told at once, and kept with the run. */
export function warn(context: MigrationContext, text: string): void {
  context.emit({ kind: 'warning', vm: context.vm.name, text });
}

/** Kept with the run. @param atMs when it happened, by the controller's clock */
export function note(context: MigrationContext, host: string | null, atMs: number, text: string): void {
  context.emit({ kind: 'observed', vm: context.vm.name, host, observedAtMs: atMs, text });
}
