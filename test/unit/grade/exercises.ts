import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SCHEMA_URL } from '../../../lib/topology/schema.js';

const FOLDER = new URL('../../topologies/exercises/', SCHEMA_URL);

/** What is given for no work; a starter says nothing of its own score, for students read it. */
const STARTER_SCORES: Readonly<Record<string, number>> = {
  'lossless-migration': 1.25,
  'mesh-repair': 0,
  'vni-isolation': 2.9,
};

/** A file to grade, and what it must get. */
export interface Submission {
  readonly name: string;
  readonly path: string;
  readonly text: string;
  /** null: it does not say. */
  readonly score: number | null;
}

export interface Exercise {
  readonly name: string;
  readonly rubricPath: string;
  readonly readme: string;
  readonly reference: Submission;
  readonly starter: Submission;
  readonly wrong: readonly Submission[];
}

export const EXERCISES: readonly Exercise[] = readdirSync(FOLDER)
  .sort()
  .map((name) => {
    const file = (path: string) => fileURLToPath(new URL(`${name}/${path}`, FOLDER));
    const submission = (path: string, score: (text: string) => number | null): Submission => {
      const text = readFileSync(file(path), 'utf8');
      return { name: path.replace(/\.yaml$/, ''), path: file(path), text, score: score(text) };
    };
    return {
      name,
      rubricPath: file('rubric.yaml'),
      readme: readFileSync(file('README.md'), 'utf8'),
      reference: submission('reference.yaml', () => 10),
      starter: submission('starter.yaml', () => STARTER_SCORES[name] ?? null),
      wrong: readdirSync(file('wrong'))
        .sort()
        .map((path) => submission(`wrong/${path}`, scoreOf)),
    };
  });

/** What the first line of a wrong submission says. */
function scoreOf(text: string): number | null {
  const written = /^# score: ([0-9]+(?:\.[0-9]{1,2})?)\/10\n# \S/.exec(text)?.[1];
  return written === undefined ? null : Number(written);
}
