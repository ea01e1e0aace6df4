import { messageOf } from '../model/errors.js';
import type { Grade } from '../model/grade.js';
import { printableLine } from '../model/printable.js';
import { formatProblem } from '../model/problem.js';
import type { Topology } from '../model/topology.js';
import type { TopologyError } from '../topology/topology-error.js';
import type { Scene } from './kind.js';
import { kindOf } from './kinds.js';
import type { Rubric, RubricCheck } from './rubric.js';
import { gradeInError, scoreGrade } from './score.js';
import type { Outcome } from './sight.js';

/** Of a broken file's mistakes more would bury the rest. */
const MISTAKES_TOLD = 20;

/** Grades a topology by the checks that need no hosts; those that do are in error. */
export function gradeTopology(rubric: Rubric, submission: Topology, path: string): Grade {
  const scene = { submission, reference: rubric.reference };
  const outcomes = new Map(rubric.checks.map((check) => [check.name, staticOutcome(check, scene)]));
  return scoreGrade(rubric, outcomes, { submission: path, note: '' });
}

/** What a check sees that needs no hosts. */
function staticOutcome(check: RubricCheck, scene: Scene): Outcome {
  const { look } = kindOf(check.kind);
  if (look.at === 'hosts')
    return { kind: 'error', message: `\`${check.kind}\` needs hosts, and only the file was given` };
  try {
    // What is written under a kind's key is what that kind takes.
    return { kind: 'seen', sight: look.see(check.wanted as never, scene) };
  } catch (error) {
    return { kind: 'error', message: messageOf(error) };
  }
}

/** A file that is no topology is a student's mistake like another: it gets no points, and is told its mistakes. */
export function gradeOfBroken(rubric: Rubric, path: string, { problems }: TopologyError): Grade {
  const told = problems.slice(0, MISTAKES_TOLD).map(formatProblem);
  const more = problems.length > MISTAKES_TOLD ? [`… and ${problems.length - MISTAKES_TOLD} more`] : [];
  const note = ['The file has mistakes, and could not be graded:', ...told, ...more].join('\n');
  return gradeOfNothing(rubric, { submission: path, note });
}

/** What was handed in was not read: no points where that is the student's doing, and else nothing is given or lost. */
export function gradeOfUnread(
  rubric: Rubric,
  submission: string,
  { kind, why }: { readonly kind: 'broken' | 'unseen'; readonly why: string },
): Grade {
  return kind === 'unseen'
    ? gradeInError(rubric, { submission, why })
    : gradeOfNothing(rubric, {
        submission,
        note: `This could not be graded: ${printableLine(why)}. Hand in one YAML file.`,
      });
}

/** No points, because nothing was submitted that could be graded: `note` says why. */
export function gradeOfNothing(
  rubric: Rubric,
  { submission, note }: { readonly submission: string; readonly note: string },
): Grade {
  const outcomes = new Map(rubric.checks.map(({ name }) => [name, NOTHING_SEEN]));
  const grade = scoreGrade(rubric, outcomes, { submission, note });
  const checks = grade.checks.map((check) => ({ ...check, output: 'the file is no valid topology', hint: '' }));
  return { ...grade, checks };
}

/** Neither what a check looks for nor its absence. */
const NOTHING_SEEN: Outcome = {
  kind: 'seen',
  sight: { facts: [{ what: 'the file', holds: null, expected: 'a topology', seen: 'none' }] },
};
