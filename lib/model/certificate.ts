/**
 * What a migration proves, and why frames were lost or late. Times without another zero are milliseconds after
 * `zeroAt`, by the controller's clock: instants of hosts have been put right by the offsets in `clocks`.
 */
export interface Certificate {
  /** The guest's resume, or, where that was not seen, the start of the run; ISO 8601 in UTC. */
  readonly zeroAt: string;
  readonly clocks: readonly HostClock[];
  readonly hosts: readonly HostCertificate[];
  /** A host had to be made to learn the new place. */
  readonly repaired: boolean;
  readonly repairs: readonly Repair[];
  /**
   * Queues that had no room for frames while the VM moved, whosever frames these were. Not in files of versions that
   * did not look.
   */
  readonly overflows?: readonly Overflow[];
  /** The attempts to have frames sent ahead, in order. Not in files of versions that made but one. */
  readonly arming?: readonly ArmingAttempt[];
  readonly timeline: readonly TimelineInterval[];
  /** What counts as late, in words. */
  readonly lateMeans: string;
  /** The lost and late frames, in order; each stands for frames close together with the same fate and cause. */
  readonly frames: readonly FrameInterval[];
  readonly verdict: { readonly ok: boolean; readonly text: string };
}

/** Frames wait while it is under way: one that is not in time was undone, and the copy went on. */
export interface ArmingAttempt {
  readonly atMs: number;
  readonly tookMs: number;
  readonly inTime: boolean;
}

/** A host's clock minus the controller's during the whole run, and how far that can be off. */
export interface HostClock {
  readonly host: string;
  readonly offsetMs: number;
  readonly errorMs: number;
}

export interface HostCertificate {
  readonly host: string;
  readonly network: string;
  readonly mac: string;
  readonly expected: string;
  /**
   * When the host's forwarding table had its last change to the expected place; 0 where it has it there before and
   * after; null: not seen.
   */
  readonly fdbMovedAfterResumeMs: number | null;
  /** How far that can be off: both hosts' clocks, and how long the switch held the report back. */
  readonly fdbMovedErrorMs: number | null;
  /** How often the table changed the MAC's place during the run. */
  readonly moves: number;
  /** Why `moves` may be too small and the time too late is in `monitorGap`. */
  readonly monitorComplete: boolean;
  readonly monitorGap: string | null;
  readonly traces: readonly TraceProof[];
}

/** What the host's switch says that it does with a frame for the VM, after the move. */
export interface TraceProof {
  /** The port by which it comes in. */
  readonly from: string;
  /** The hosts that the ports lead to by which it leaves. */
  readonly leavesTowards: readonly string[];
  readonly ports: readonly string[];
  readonly ok: boolean;
  /** Why it is not; empty where it is. */
  readonly problem: string;
  /** As `ovs-appctl ofproto/trace` printed it. */
  readonly text: string;
}

export interface Repair {
  readonly host: string;
  readonly network: string;
  readonly mac: string;
  readonly afterResumeMs: number | null;
  readonly found: string;
  readonly done: string;
}

export interface Overflow {
  readonly host: string;
  /** `tap`: what waits for a guest; `packet socket`: what waits for a switch in userspace. */
  readonly queue: 'tap' | 'packet socket';
  readonly device: string;
  /** How many it dropped. */
  readonly frames: number;
}

/**
 * - `before`: nothing of the VM has been touched yet
 * - `copying`: the source's QEMU copies memory, and may be slow to serve the guest
 * - `left-behind`: just before the source's tap is left: what its QEMU has not read by then is lost
 * - `redirect-late`: the guest is paused, and frames still go to its old tap
 * - `arming-undone`: frames were sent ahead, which took too long to arrange: what waited at the new host was dropped
 * - `sent-ahead`: frames wait at the new host, and the guest still runs at the old one
 * - `paused`: the guest is paused
 * - `waking`: the guest runs, and has not yet answered all that waited for it
 * - `converging`: the guest runs, and that host's table has it at the old place
 * - `fetching`: the guest runs, and gets memory from the old host as it asks for it (post-copy)
 * - `overflow`: a queue of that host dropped frames in this time; when is not known
 */
export type CauseKind =
  | 'before'
  | 'copying'
  | 'left-behind'
  | 'redirect-late'
  | 'arming-undone'
  | 'sent-ahead'
  | 'paused'
  | 'waking'
  | 'converging'
  | 'fetching'
  | 'overflow';

export interface Cause {
  readonly kind: CauseKind;
  readonly host: string;
}

export interface TimelineInterval extends Cause {
  /** null unless it is about one network. */
  readonly network: string | null;
  readonly fromMs: number;
  readonly fromErrorMs: number;
  /** null: it had not ended when the run did. */
  readonly toMs: number | null;
  readonly toErrorMs: number;
}

export interface FrameInterval {
  readonly from: string;
  readonly to: string;
  readonly address: string;
  readonly kind: 'lost' | 'late';
  /** Not all between the first and the last need be affected: `count` are. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly count: number;
  readonly sentFromMs: number;
  readonly sentToMs: number;
  /** null: lost. */
  readonly longestWaitMs: number | null;
  /**
   * - `sure`: there is one cause, and it holds within the errors
   * - `undecided`: within `errorMs` it can be any of the causes, or none where there is one only
   * - `unknown`: nothing on the timeline explains it
   */
  readonly confidence: 'sure' | 'undecided' | 'unknown';
  readonly causes: readonly Cause[];
  /** How far the frame's time and the intervals' ends can be off, together. */
  readonly errorMs: number;
}
