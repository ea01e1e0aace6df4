import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRubric } from '../../../lib/grade/read.js';
import type { CheckRules, Rubric, RubricCheck } from '../../../lib/grade/rubric.js';
import { MistakesError } from '../../../lib/model/mistakes-error.js';
import { SAMPLE } from '../topology/sample.js';

/** A rubric without a mistake, for tests to break; its reference is the sample topology. */
export const RUBRIC = `version: 1
name: sample
reference: reference.yaml
hidden: hidden.yaml
checks:
  vnis: {points: 2, topology: {networks: [vni]}}
  web: {points: 1.5, needs: vnis, topology: {vms: {web: {host: host-a}}}, hint: look at web}
  reach: {needs: [vnis, web], retry: 30s, reach: {from: host-b, to: web}}
  move: {points: 3, partial: {lost: [{upTo: 0, credit: 1}, {upTo: 5, credit: 0.5}]}, migrate: {vm: web, to: host-b}}
`;

/** Static checks only, one of them hidden. */
export const STATIC_RUBRIC = `version: 1
name: exercise
reference: reference.yaml
hidden: hidden.yaml
checks:
  vnis: {points: 2, topology: {networks: [vni]}}
  web: {points: 1, topology: {vms: {web: {host: host-a}}}}
`;

export const HIDDEN = `version: 1
checks:
  mtu: {points: 1, needs: vnis, topology: {networks: {blue: {mtu: reference}}}, hint: HIDDEN-HINT}
`;

/** Writes the files into `directory` and tells the rubric's path. */
export function rubricIn(directory: string, { rubric = RUBRIC, hidden = HIDDEN, reference = SAMPLE } = {}): string {
  writeFileSync(join(directory, 'rubric.yaml'), rubric);
  writeFileSync(join(directory, 'hidden.yaml'), hidden);
  writeFileSync(join(directory, 'reference.yaml'), reference);
  return join(directory, 'rubric.yaml');
}

/** What reading complains of, as `FILE:LINE:COLUMN MESSAGE`; nothing where all is right. */
export async function problemsOf(path: string): Promise<readonly string[]> {
  try {
    await readRubric(path);
    return [];
  } catch (error) {
    if (!(error instanceof MistakesError)) throw error;
    return error.problems.map(
      ({ file, line, column, message }) => `${file.split('/').at(-1)}:${line}:${column} ${message}`,
    );
  }
}

const RULES: Omit<CheckRules, 'name' | 'title'> = {
  pointsHundredths: 100,
  credit: { kind: 'whole' },
  needs: [],
  retry: null,
  holdMs: 0,
  negative: false,
  hint: '',
  visibility: 'visible',
  level: 'error',
  showsExpected: true,
};

/** A check whose outcome the test makes up: what it wants is never looked at. */
export function checkNamed(name: string, rules: Partial<CheckRules> = {}): RubricCheck {
  return { ...RULES, name, title: name, ...rules, kind: 'verify', wanted: { part: 'all' } };
}

export function rubricOf(...checks: readonly RubricCheck[]): Rubric {
  return { name: 'made-up', reference: null, checks };
}
