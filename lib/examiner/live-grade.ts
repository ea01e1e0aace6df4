import { controlRubric, judged } from '../grade/control.js';
import { gradeOfBroken, gradeOfUnread } from '../grade/grade-topology.js';
import type { Rubric } from '../grade/rubric.js';
import { scoreGrade } from '../grade/score.js';
import type { Grade } from '../model/grade.js';
import { printableLine } from '../model/printable.js';
import type { Topology } from '../model/topology.js';
import { topologyIn } from '../topology/read.js';
import { TopologyError } from '../topology/topology-error.js';
import { type ExamineOptions, examine } from './examine.js';
import { readHandedIn } from './handed-in.js';

/**
 * Grades a student's file. A lab is built of it when the first check has to be carried out that needs hosts, and
 * removed at the end; `live` looks at the hosts that there are. A file that is no topology gets no points. What could
 * not be carried out is tried with the reference, on a lab of it and with as much time: what that manages here is the
 * submission's failure.
 * @throws VxmigError NOT_FOUND where there is no such file, INTERRUPTED
 */
export async function gradeSubmission(rubric: Rubric, path: string, options: ExamineOptions): Promise<Grade> {
  const handed = await readHandedIn(path);
  if (handed.kind !== 'file') {
    options.emit({ kind: 'warning', text: `${handed.why}. Is the path your own? Then ${handed.own}.` });
    return gradeOfUnread(rubric, path, handed);
  }
  let submission: Topology;
  try {
    submission = topologyIn(handed.bytes, printableLine(path));
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    return gradeOfBroken(rubric, path, error);
  }
  const seen = await examine(rubric, submission, options);
  const control = rubric.reference === null || options.live ? null : controlRubric(rubric, seen);
  if (control === null || control.reference === null) return scoreGrade(rubric, seen, { submission: path, note: '' });
  const text = 'Not everything could be carried out: the reference is tried, to find out whether it is the submission.';
  options.emit({ kind: 'warning', text });
  const ofReference = await examine(control, control.reference, options);
  return scoreGrade(rubric, judged(rubric, seen, ofReference), { submission: path, note: '' });
}
