import type { Visibility } from '../model/grade.js';
import type { Problem } from '../model/problem.js';
import type { Topology } from '../model/topology.js';
import type { Check } from './file.js';
import type { Measure } from './sight.js';

/** A rubric that has passed every check of its own: hidden checks among the others, defaults filled in. */
export interface Rubric {
  readonly name: string;
  /** null: expected values are written in the rubric, or computed from the submission. */
  readonly reference: Topology | null;
  /** What does not keep anybody from grading by it, and should be looked at; absent: nothing. */
  readonly remarks?: readonly Problem[];
  /** What is told to whoever is graded by it, such as what was left out; absent: nothing. */
  readonly note?: string;
  /** In the order in which they are told; the hidden file's last. */
  readonly checks: readonly RubricCheck[];
}

export type RubricCheck = CheckRules & Aim;

export interface CheckRules {
  readonly name: string;
  readonly title: string;
  /** Points in hundredths, so that sums are exact. */
  readonly pointsHundredths: number;
  readonly credit: Credit;
  readonly needs: readonly string[];
  /** null: one look. */
  readonly retry: Retry | null;
  /** For how long it must pass; 0: at one look. */
  readonly holdMs: number;
  readonly negative: boolean;
  readonly hint: string;
  readonly visibility: Visibility;
  readonly level: 'error' | 'warning';
  readonly showsExpected: boolean;
  /** Why it is not looked at; absent: it is. */
  readonly leftOut?: string;
}

export interface Retry {
  readonly forMs: number;
  readonly everyMs: number;
}

/** `bands`: each measure's in ascending order of `upTo`, in pings or milliseconds; the first has credit 1. */
export type Credit =
  | { readonly kind: 'whole' | 'ratio' }
  | { readonly kind: 'bands'; readonly bands: ReadonlyMap<Measure, readonly Band[]> };

export interface Band {
  readonly upTo: number;
  /** More than 0, at most 1. */
  readonly credit: number;
}

type RuleKey =
  | 'title'
  | 'points'
  | 'partial'
  | 'needs'
  | 'retry'
  | 'hold'
  | 'not'
  | 'hint'
  | 'visibility'
  | 'level'
  | 'showExpected';

/** The key of a check that says what is looked at. */
export type KindName = Exclude<keyof Check, RuleKey>;

/** What is written under that key. */
export type Wanted<Kind extends KindName> = NonNullable<Check[Kind]>;

type Aim = { readonly [Kind in KindName]: { readonly kind: Kind; readonly wanted: Wanted<Kind> } }[KindName];
