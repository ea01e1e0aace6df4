import type { Machine, Verdict } from './bench-result.js';
import type { Spread } from './spread.js';

/**
 * In the order in which they are told of. `script`: one ovs-vsctl per host over ssh. `plan` and `first`: vxmig plan and
 * apply where nothing is there; `again` and `plan-again`: where all is there.
 */
export const SCALE_WAYS = ['script', 'plan', 'first', 'again', 'plan-again', 'verify'] as const;
export type ScaleWay = (typeof SCALE_WAYS)[number];

export interface ScaleRun {
  readonly way: ScaleWay;
  /** As the generated file has it. */
  readonly mesh: string;
  readonly wallMs: number;
  /** The most that the controller's process had at a time; null: it was none of ours. */
  readonly peakBytes: number | null;
}

export interface ScaleFigures {
  readonly wallMs: Spread | null;
  readonly perHostMs: number | null;
  /** To the script, by the medians. */
  readonly toScript: number | null;
  readonly peakBytes: Spread | null;
}

/** One size of lab, with one mesh. */
export interface ScaleSize {
  readonly hosts: number;
  readonly mesh: string;
  readonly runs: number;
  /** What `lab up` took; the same lab serves all meshes. */
  readonly labUpMs: number;
  /** The machine's, of one minute, before the first run. */
  readonly loadBefore: number;
  readonly figures: Readonly<Record<ScaleWay, ScaleFigures>>;
}

export interface ScaleResult {
  readonly ok: true;
  readonly vxmig: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly machine: Machine;
  readonly sizes: readonly ScaleSize[];
  readonly verdicts: readonly Verdict[];
}
