import type { Certificate } from './certificate.js';
import type { CopyStorage } from './disk-copy.js';
import type { NegotiationStep } from './negotiation.js';
import type { StrategyName } from './topology.js';

/** What `migrate --json` prints; fixed by the contract. Instants are ISO 8601 in UTC. */
export interface MigrationResult {
  readonly ok: boolean;
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  readonly outcome: 'migrated' | 'rolled-back' | 'failed';
  readonly strategy: StrategyName;
  readonly transfer: TransferFigures | null;
  /** How the copy came to its end. In the records of runs by older versions there is none, and where it did not. */
  readonly ending?: EndingFigures;
  /** What was promised, and used of it; where nothing was there is none. */
  readonly bound?: BoundFigures;
  readonly announce: { readonly rarp: number; readonly garp: number; readonly na: number };
  readonly convergence: ConvergenceFigures;
  /**
   * The MACs of the VM's NICs, and of whoever is behind them. In the records of runs by older versions there are none.
   */
  readonly macs?: readonly MacCoverage[];
  /** The VM's NICs that no ping watched. Not in those records either. */
  readonly unwatched?: readonly UnwatchedNic[];
  /** What was said before it moved. Not in those records either. */
  readonly negotiation?: readonly NegotiationStep[];
  /** Disks that came along. Not in those records either. */
  readonly disks?: readonly DiskFigures[];
  readonly ping: readonly PingFigures[];
  readonly stages: readonly StageFigures[];
  /**
   * When the guest stopped at the source and ran again at the destination, each by its own host's clock; null where not
   * seen.
   */
  readonly switchover: { readonly stoppedAt: string | null; readonly resumedAt: string | null } | null;
  /** In the records of runs by older versions there is none. */
  readonly certificate?: Certificate;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

export interface TransferFigures {
  readonly durationMs: number;
  /**
   * For how long the guest ran nowhere: from QEMU's STOP at the source to its RESUME at the destination, as far as the
   * two clocks are known. Where one was not seen, libvirt's figure, which knows nothing of the waking
   * (docs/decisions/0020-the-guest-arrives-paused.md); null where that was not told either.
   */
  readonly downtimeMs: number | null;
  readonly transferredBytes: number;
  /** Of that, memory; null: not told apart. In the records of runs by older versions there is none. */
  readonly memoryBytes?: number | null;
  readonly iterations: number;
  readonly throughputBytesPerSecond: number;
}

/** The strategy's last word on the copy, and what came of it. */
export interface EndingFigures {
  /** The guest was paused for what was left, or ran at the destination before it was there. */
  readonly kind: 'stop' | 'post-copy';
  readonly why: string;
  /** For how long the guest was to stand still; null: nobody could tell, or it was not to. */
  readonly predictedDowntimeMs: number | null;
  /** At the worst, whatever it had dirtied; null as before. */
  readonly worstDowntimeMs: number | null;
}

/** Of memory: disks that come along are not in it. */
export interface BoundFigures {
  readonly bytes: number;
  /** null: the driver does not tell, as after post-copy, or it has not moved. */
  readonly usedBytes: number | null;
  readonly durationMs: number;
  /** From the first byte of memory until the guest ran with all of it; null: it did not come to that. */
  readonly usedMs: number | null;
  /** As far as it is told. */
  readonly kept: boolean;
}

/** A disk that came along. */
export interface DiskFigures {
  /** The guest's name of it. */
  readonly target: string;
  readonly path: string;
  /** `inc`: what lies above a base that both hosts have. */
  readonly copied: CopyStorage;
  /**
   * So much of the disk was gone through, what the guest has written meanwhile included; blank parts of it cost no
   * bytes on the wire. null: it did not come to that.
   */
  readonly bytes: number | null;
  /** From the copy's beginning until both images were the same; null: it did not come to that. */
  readonly durationMs: number | null;
}

export interface ConvergenceFigures {
  readonly converged: boolean;
  /** The slowest host's; null where one did not converge or the resume was not seen. */
  readonly afterResumeMs: number | null;
  readonly hosts: readonly HostConvergence[];
}

export interface MacCoverage {
  readonly network: string;
  readonly mac: string;
  /**
   * `nic`: the NIC's own; `file`: it stands under `allow`; `learned`: the switch had heard it there; `unknown`: it may
   * have been there.
   */
  readonly origin: 'nic' | 'file' | 'learned' | 'unknown';
  /** All that was done for the NIC's own MAC was done for it. */
  readonly covered: boolean;
  /** Why it is not; empty where it is. */
  readonly why: string;
}

export interface UnwatchedNic {
  readonly network: string;
  readonly mac: string;
  readonly why: string;
}

export interface HostConvergence {
  readonly host: string;
  readonly network: string;
  readonly mac: string;
  readonly expected: string;
  /** The host that the entry points to; null where there is none. */
  readonly seen: string | null;
  readonly afterResumeMs: number | null;
}

export interface PingFigures {
  readonly from: string;
  readonly to: string;
  /** Over which it was pinged. In the records of runs by older versions there is none. */
  readonly network?: string;
  /** The address that was pinged. */
  readonly address: string;
  readonly intervalMs: number;
  readonly sent: number;
  readonly received: number;
  /** Sent, and no reply within 2 s after the run. */
  readonly lost: number;
  readonly duplicates: number;
  /** The longest time in which no reply arrived. */
  readonly longestGapMs: number | null;
  /** The longest that one reply took. */
  readonly longestWaitMs: number | null;
}

export interface StageFigures {
  readonly stage: string;
  readonly startedAt: string;
  readonly durationMs: number;
}
