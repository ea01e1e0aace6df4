import type { DelayPoint } from './delay-point.js';
import type { PingFigures, StageFigures } from './migration-result.js';
import type { Spread } from './spread.js';

/** Who can be made to move the VM, in the order in which they are told of. */
export const MIGRATE_TOOLS = ['vxmig', 'no-redirect', 'ovn', 'virsh'] as const;

/** `no-redirect`: vxmig that sends no frames ahead. `virsh`: nothing but virsh, on vxmig's network. */
export type MigrateTool = (typeof MIGRATE_TOOLS)[number];

/** Whom vxmig is measured against. */
export type BenchPeer = Exclude<MigrateTool, 'vxmig'>;
export const BENCH_PEERS: readonly BenchPeer[] = MIGRATE_TOOLS.filter((tool) => tool !== 'vxmig');

/** Whom all are compared with. */
export const YARDSTICKS = ['virsh', 'ovn'] as const;
export type Yardstick = (typeof YARDSTICKS)[number];

/** One migration, by whichever tool. */
export interface MigrateRun {
  readonly tool: MigrateTool;
  readonly from: string;
  readonly to: string;
  /**
   * The whole command. For vxmig with the start of the program and its connections to all hosts; for virsh that of
   * virsh on the source; for OVN that, and the calls of ovn-nbctl and ovn-sbctl before and after it.
   */
  readonly wallMs: number;
  /**
   * From QEMU's STOP to its RESUME; for the others QEMU's own figure, which is the same where libvirt lets the guest
   * run.
   */
  readonly downtimeMs: number | null;
  readonly pingsSent: number;
  readonly pingsLost: number;
  readonly duplicates: number;
  /** The longest of all probes. */
  readonly longestGapMs: number | null;
  /** The longest that one reply took; what is lost does not count here. */
  readonly longestWaitMs: number | null;
  /** From the resume until every probe has had a reply again. */
  readonly backAfterResumeMs: number | null;
  /** From the resume until every host sends frames for the VM to its new host; vxmig only. */
  readonly convergedAfterResumeMs: number | null;
  /** What each probe saw. */
  readonly probes: readonly PingFigures[];
  /** vxmig only. */
  readonly stages: readonly StageFigures[];
}

/**
 * `script`: one ovs-vsctl per host over ssh. `first`: vxmig apply where nothing is there. `again`: where all is there.
 */
export type ApplyWay = 'script' | 'first' | 'again';

export interface ApplyRun {
  readonly way: ApplyWay;
  readonly wallMs: number;
}

export const FIGURES = [
  'wallMs',
  'downtimeMs',
  'pingsLost',
  'duplicates',
  'longestGapMs',
  'longestWaitMs',
  'backAfterResumeMs',
  'convergedAfterResumeMs',
] as const;

export type FigureName = (typeof FIGURES)[number];
export type MigrateFigures = Readonly<Record<FigureName, Spread | null>>;

export type Ratios = Readonly<Record<FigureName, number | null>>;

/** An aim, and what came of it. */
export interface Verdict {
  readonly what: string;
  /** What is compared with `aim`; null where nothing was measured. */
  readonly ratio: number | null;
  readonly aim: number;
  readonly met: boolean;
  /** For people: what was seen, and what was to be. */
  readonly seen: string;
  readonly wanted: string;
}

export interface BenchResult {
  readonly ok: true;
  readonly vxmig: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly topology: string;
  readonly machine: Machine;
  /** null: left out by --only. */
  readonly migrate: MigrateBench | null;
  readonly apply: ApplyBench | null;
  readonly verdicts: readonly Verdict[];
}

/** What the figures depend on. */
export interface Machine {
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly libvirt: string;
  readonly qemu: string;
  readonly ovs: string;
  /** Empty where it is not installed. */
  readonly ovn: string;
  /** What else the machine was busy with before the first run. */
  readonly loadBefore: number;
}

export interface MigrateBench {
  readonly vm: string;
  readonly memoryBytes: number;
  readonly probes: readonly string[];
  readonly virshCommand: string;
  /** In their order; virshCommand stands for the migration itself. */
  readonly ovnCommands: readonly string[];
  /** Who was asked to run, whether it could or not. */
  readonly contenders: readonly MigrateTool[];
  /** Who could not take part, or was given up, and why. */
  readonly missing: readonly MissingContender[];
  readonly failures: readonly FailedRun[];
  /** Of those that did not run: nothing but null. */
  readonly figures: Readonly<Record<MigrateTool, MigrateFigures>>;
  /**
   * Of medians: of each that ran, to plain virsh and to OVN where those ran; null where one has no figure, or the
   * peer's is 0.
   */
  readonly ratios: Readonly<Partial<Record<MigrateTool, Readonly<Partial<Record<Yardstick, Ratios>>>>>>;
  /** In which figures vxmig does worse than each peer that ran, by the medians. */
  readonly worse: Readonly<Partial<Record<BenchPeer, readonly FigureName[]>>>;
  /** Reply delay around the switch, of each that ran. */
  readonly curves: Readonly<Partial<Record<MigrateTool, readonly DelayPoint[]>>>;
  readonly runs: readonly MigrateRun[];
}

export interface MissingContender {
  readonly tool: MigrateTool;
  readonly why: string;
  readonly hint: string;
}

/** A migration that failed counts in no figure. */
export interface FailedRun {
  readonly tool: MigrateTool;
  /** From 1. */
  readonly round: number;
  readonly message: string;
}

export interface ApplyBench {
  readonly hosts: number;
  readonly script: string;
  readonly figures: Readonly<Record<ApplyWay, Spread | null>>;
  readonly runs: readonly ApplyRun[];
}
