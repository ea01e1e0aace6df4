import { setTimeout as sleep } from 'node:timers/promises';
import { carryOut } from '../grade/carry-out.js';
import { gradeOfBroken, gradeOfUnread } from '../grade/grade-topology.js';
import { kindOf } from '../grade/kinds.js';
import { oversize } from '../grade/oversize.js';
import type { Rubric, RubricCheck } from '../grade/rubric.js';
import { NothingToSee, type Sight } from '../grade/sight.js';
import { messageOf } from '../model/errors.js';
import type { Grade } from '../model/grade.js';
import { printableLine } from '../model/printable.js';
import { formatMs } from '../model/quantities.js';
import type { Topology } from '../model/topology.js';
import { withVmsAt } from '../plan/plan.js';
import { topologyIn } from '../topology/read.js';
import { TopologyError } from '../topology/topology-error.js';
import { type Exam, type ExamOptions, openExam } from './exam.js';
import { readHandedIn } from './handed-in.js';

export interface GradeOptions extends ExamOptions {
  /** For all of it but the removal of the lab. */
  readonly timeLimitMs: number;
}

/**
 * Grades a student's file. A lab is built of it when the first check has to be carried out that needs hosts, and removed at the end; `live`
 * looks at the hosts that there are. A file that is no topology gets no points.
 * @throws VxmigError NOT_FOUND where there is no such file, INTERRUPTED
 */
export async function gradeSubmission(rubric: Rubric, path: string, options: GradeOptions): Promise<Grade> {
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
  const limit = new AbortController();
  options.signal.throwIfAborted();
  const timer = setTimeout(() => limit.abort(), options.timeLimitMs);
  const signal = AbortSignal.any([options.signal, limit.signal]);
  const calledOff = rejectedBy(signal);
  let opening: Promise<Exam> | null = null;
  let current = submission;
  const look = async (check: RubricCheck): Promise<Sight> => {
    const { look } = kindOf(check.kind);
    const scene = { submission: current, reference: rubric.reference };
    // What is written under a kind's key is what that kind takes.
    const wanted = check.wanted as never;
    if (look.at === 'file') return look.see(wanted, { ...scene, submission });
    opening ??= opened(rubric, submission, { ...options, signal });
    const exam = await opening.catch((cause: unknown) => {
      throw new NothingToSee(messageOf(cause), { cause });
    });
    if (exam.kind === 'none') return notThere(exam.why);
    const sight = await look.see(wanted, { ...scene, eyes: exam.eyes });
    if (sight.moved !== undefined) current = withVmsAt(current, [[sight.moved.vm, sight.moved.to]]);
    return sight;
  };
  const within = async (check: RubricCheck): Promise<Sight> => {
    try {
      return await Promise.race([look(check), calledOff]);
    } catch (error) {
      // Whatever else failed then did so because it was called off.
      if (options.signal.aborted) throw options.signal.reason;
      if (limit.signal.aborted) throw new NothingToSee(`the time limit of ${formatMs(options.timeLimitMs)} was over`);
      throw error;
    }
  };
  const clock = {
    nowMs: () => performance.now(),
    // Woken by the signal, the next look tells why.
    sleep: async (ms: number) => await sleep(ms, undefined, { signal }).catch(() => undefined),
  };
  try {
    return await carryOut(rubric, within, { submission: path, clock });
  } finally {
    clearTimeout(timer);
    limit.abort();
    // Typed as never assigned: the assignment stands in a function.
    const exam = await (opening as Promise<Exam> | null)?.catch(() => null);
    if (exam?.kind === 'open')
      await exam.close().catch((cause: unknown) => {
        // What has been seen is no less true for it.
        const text = `lab ${options.labName} could not be removed: ${messageOf(cause)}. \`vxmig lab down ${options.labName}\` tries again`;
        options.emit({ kind: 'warning', text });
      });
  }
}

async function opened(rubric: Rubric, submission: Topology, options: ExamOptions): Promise<Exam> {
  const excess = options.live ? null : oversize(submission, rubric.reference);
  return excess === null ? await openExam(rubric, submission, options) : { kind: 'none', why: excess };
}

/** What a check looks for is not there, and neither is its absence. */
function notThere(why: string): Sight {
  return {
    facts: [{ what: 'the lab', holds: null, expected: 'it can be built and applied', seen: why }],
    isFinal: true,
  };
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  const rejected = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('called off')), { once: true });
  });
  // Nobody may be looking then.
  rejected.catch(() => undefined);
  return rejected;
}
