import type { StageFigures } from '../model/migration-result.js';
import type { Spread } from './statistics.js';

export type MigrateTool = 'vxmig' | 'virsh';

/** One migration, by whichever tool. */
export interface MigrateRun {
  readonly tool: MigrateTool;
  readonly from: string;
  readonly to: string;
  /** The whole command: for vxmig with the start of the program and its connections to all hosts, for virsh that of virsh on the source. */
  readonly wallMs: number;
  /** QEMU's own figure. */
  readonly downtimeMs: number | null;
  readonly pingsSent: number;
  readonly pingsLost: number;
  /** The longest of all probes. */
  readonly longestGapMs: number | null;
  /** vxmig only. */
  readonly stages: readonly StageFigures[];
}

/** `script`: one ovs-vsctl per host over ssh. `first`: vxmig apply where nothing is there. `again`: where all is there. */
export type ApplyWay = 'script' | 'first' | 'again';

export interface ApplyRun {
  readonly way: ApplyWay;
  readonly wallMs: number;
}

export interface MigrateFigures {
  readonly wallMs: Spread | null;
  readonly downtimeMs: Spread | null;
  readonly pingsLost: Spread | null;
  readonly longestGapMs: Spread | null;
}

/** An aim, and what came of it. `ratio` is of medians; null where nothing was measured. */
export interface Verdict {
  readonly what: string;
  readonly ratio: number | null;
  readonly aim: number;
  readonly met: boolean;
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
  /** What else the machine was busy with before the first run. */
  readonly loadBefore: number;
}

export interface MigrateBench {
  readonly vm: string;
  readonly memoryBytes: number;
  readonly probes: readonly string[];
  readonly virshCommand: string;
  readonly figures: Readonly<Record<MigrateTool, MigrateFigures>>;
  readonly runs: readonly MigrateRun[];
}

export interface ApplyBench {
  readonly hosts: number;
  readonly script: string;
  readonly figures: Readonly<Record<ApplyWay, Spread | null>>;
  readonly runs: readonly ApplyRun[];
}
