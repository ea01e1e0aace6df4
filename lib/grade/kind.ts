import type { Topology } from '../model/topology.js';
import type { Complaint } from '../topology/complaint.js';
import type { Eyes } from './eyes.js';
import type { KindName, Wanted } from './rubric.js';
import type { Measure, Sight } from './sight.js';

/** What every check has before it: the student's topology, and the one that is right where the rubric names one. */
export interface Scene {
  readonly submission: Topology;
  readonly reference: Topology | null;
}

export interface LiveScene extends Scene {
  readonly eyes: Eyes;
  /** The check wants none of its facts to hold. */
  readonly negative: boolean;
}

/** A kind of check. Adding one: its key in schema.json, a file in kinds/, and a line in kinds.ts. */
export interface CheckKind<Kind extends KindName> {
  /** How it comes to the same answer each time. */
  readonly steadiness: string;
  /** What to write in place of `not`; null where it means something. */
  readonly insteadOfNot: string | null;
  /** By what partial credit may go in bands. */
  readonly measures: readonly Measure[];
  /** What is wrong with it beyond the schema; paths begin at the kind's key. */
  readonly complaints: (
    wanted: Wanted<Kind>,
    reference: Topology | null,
    rules: { readonly negative: boolean },
  ) => readonly Complaint[];
  /**
   * What the reference's own rules stand against: nobody would pass, and the check may be meant so. Absent: nothing is
   * looked for.
   */
  readonly doubts?: (
    wanted: Wanted<Kind>,
    reference: Topology,
    rules: { readonly negative: boolean },
  ) => readonly Complaint[];
  /** Without a reference it would hold the submission against itself. Absent: never. */
  readonly needsReference?: (wanted: Wanted<Kind>, rules: { readonly negative: boolean }) => boolean;
  readonly look: Look<Kind>;
}

/** A look that throws could not be carried out: that is an error of grading, and never a student's. */
type Look<Kind extends KindName> =
  | { readonly at: 'file'; readonly see: (wanted: Wanted<Kind>, scene: Scene) => Sight }
  | { readonly at: 'hosts'; readonly see: (wanted: Wanted<Kind>, scene: LiveScene) => Promise<Sight> };
