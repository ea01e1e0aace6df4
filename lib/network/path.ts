import type { AnnounceFrame } from '../frames/announce.js';
import type { QueueDrops } from '../measure/queue-drops.js';
import type { TapRoom } from '../measure/tap-room.js';
import type { SeenMac } from '../plan/moving-macs.js';

/** What moves frames on one host, as a migration needs it: the way to a VM, and how it is changed. */
export interface NetworkPath {
  readonly host: string;
  /** Brings the host's network to what the ledger of places wants there now; never touches VMs. */
  converge(): Promise<void>;
  /** Puts a frame that means nothing into the tap of a VM that is on its way here. */
  primeTap(vm: string, nicIndex: number): Promise<void>;
  /** What queues there have dropped: the VM's taps, and those by which a switch in userspace reads its ports. */
  queueDrops(vm: string): Promise<readonly QueueDrops[]>;
  /** The VM's taps there, and how many frames each of them holds. */
  tapRoom(vm: string): Promise<readonly TapRoom[]>;
  /** From now on that tap of the VM's holds so many frames for a guest that does not read. */
  setTapRoom(device: string, holds: number): Promise<void>;
  /** For a while takes what comes for a NIC's MACs from where it was, without learning from it who lives there. */
  acceptLate(nic: VmNic, macs: readonly string[], from: string): Promise<void>;
  /** Ends that: the VM has left, and what comes for it must meet the tables again. */
  refuseLate(network: string, macs: readonly string[]): Promise<void>;
  /** Stands by to send frames for a VM towards `to` instead of to its tap here. */
  redirect(request: RedirectRequest): Promise<Redirect>;
  followFdb(
    network: string,
    macs: readonly string[],
    onMove: (mac: string, move: FdbMove) => void,
  ): Promise<FdbFollower>;
  /** Tells of every entry of that table as it comes or changes. */
  followLearning(network: string, onSeen: (seen: SeenMac) => void): Promise<FdbFollower>;
  /**
   * Makes the host's table forget where the MAC is, whoever said so, and says what it held. The next frame from there
   * teaches it anew.
   */
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
}

export interface VmNic {
  readonly vm: string;
  /** From 0. */
  readonly index: number;
  readonly network: string;
}

export interface RedirectRequest {
  readonly nic: VmNic;
  readonly macs: readonly string[];
  /** The driver's name of the VM. */
  readonly domain: string;
  readonly from: string;
  readonly to: string;
  /** Whether the guest runs at `to`. */
  readonly arrived: () => boolean;
  /** It took itself back. */
  readonly onLifted: () => void;
}

/**
 * A redirect that stands ready; when we are gone, or it has stood too long for a guest that does not arrive, it takes
 * itself back.
 */
export interface Redirect {
  /** @param holdMs frames that have waited so long for the guest to run are dropped, and none is sent ahead any more */
  arm(holdMs: number): Promise<void>;
  disarm(): Promise<void>;
  /** As `disarm`, and frames that wait are dropped. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

/** Costs little until it is told to hurry: then moves are told as they happen. */
export interface FdbFollower {
  hurry(): void;
  /** Why moves may be missing so far; null: none is. */
  gap(): string | null;
  stop(): Promise<void>;
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

/**
 * Where a frame that a switch is asked about comes in: at a port of the host itself, or out of the tunnel towards
 * another.
 */
export type FrameArrival = { readonly kind: 'local' } | { readonly kind: 'tunnel'; readonly from: string };

export interface FrameTrace {
  /** The port it came in by, or, where the host has none of its own, the table that it began in. */
  readonly cameInBy: string;
  /**
   * The ports it leaves by, and the host that each leads to: the far end of a tunnel, or the traced host; null: not a
   * port of ours.
   */
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
