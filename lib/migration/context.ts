import type { PingEvent } from '../measure/ping-stream.js';
import type { ClockOffset } from '../model/clock-offset.js';
import type { Emit } from '../model/event.js';
import type { HostConvergence, TransferFigures } from '../model/migration-result.js';
import type { RunEvent } from '../model/run-record.js';
import type { Strategy, Topology, Vm } from '../model/topology.js';
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
  readonly fdbFollowers: FdbFollower[];
  readonly events: RunEvent[];
  readonly probes: RunningProbe[];
  readonly fdbMoves: Map<string, FdbMove[]>;
  /** check */
  clocks: Map<string, ClockOffset>;
  domainXml: string;
  /** copy; times by the controller's clock */
  command: MigrateCommand | null;
  control: MigrationControl | null;
  /** What QEMU is allowed when the gate is opened. */
  downtimeMs: number;
  stoppedAtMs: number | null;
  resumedAtMs: number | null;
  /** reserve, redirect */
  redirects: readonly PlacedRedirect[];
  armedAtMs: number | null;
  /** switch over */
  transfer: TransferFigures | null;
  /** announce; it begins at the resume, while the stage before it still waits for libvirt */
  announcing: Promise<void> | null;
  announced: { rarp: number; garp: number; na: number };
  /** verify */
  convergence: readonly HostConvergence[];
  /** Where a host's table should have the VM after the move: the destination, or for spokes the hub. */
  readonly expectedPlace: (host: string, network: string) => string;
  /** A spoke has the VM behind the hub before and after: there is nothing to converge. */
  readonly staysPut: (host: string, network: string) => boolean;
}

/** Where a redirect stands decides when it may be armed. */
export interface PlacedRedirect extends Redirect {
  readonly atSource: boolean;
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

export function note(context: MigrationContext, host: string | null, atMs: number, text: string): void {
  context.events.push({ atMs, host, text });
}
