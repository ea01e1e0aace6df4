import { setTimeout as sleep } from 'node:timers/promises';
import { carryOut } from '../grade/carry-out.js';
import { kindOf } from '../grade/kinds.js';
import { oversize } from '../grade/oversize.js';
import type { Rubric, RubricCheck } from '../grade/rubric.js';
import { NothingToSee, nothingThere, type Outcome, type Sight, SubmissionFault, TooLate } from '../grade/sight.js';
import { messageOf } from '../model/errors.js';
import { formatMs } from '../model/quantities.js';
import type { Topology } from '../model/topology.js';
import { withVmsAt } from '../plan/plan.js';
import { type Exam, type ExamOptions, openExam } from './exam.js';
import { isOfTheHosts } from './host-fault.js';
import { lookLimitMs, withinLimit } from './look-limit.js';
import { catchStrayFailures } from './stray-failures.js';

export interface ExamineOptions extends ExamOptions {
  /** For all of it but the removal of the lab. */
  readonly timeLimitMs: number;
}

const UNDO_MS = 20_000;

/** What the checks see of one topology, whatever happens to a single one. @throws VxmigError INTERRUPTED */
export async function examine(
  rubric: Rubric,
  submission: Topology,
  options: ExamineOptions,
): Promise<ReadonlyMap<string, Outcome>> {
  const limit = new AbortController();
  options.signal.throwIfAborted();
  const timer = setTimeout(() => limit.abort(), options.timeLimitMs);
  const signal = AbortSignal.any([options.signal, limit.signal]);
  const calledOff = rejectedBy(signal);
  const strays = catchStrayFailures((text) => options.emit({ kind: 'warning', text }));
  let opening: Promise<Exam> | null = null;
  let current = submission;
  let moving: Promise<unknown> = Promise.resolve();
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
    if (exam.kind === 'none') return nothingThere(exam.why);
    const seeing = look.see(wanted, { ...scene, eyes: exam.eyes, negative: check.negative });
    if (check.kind === 'migrate') moving = seeing.catch(() => undefined);
    const sight = await withinLimit(seeing, lookLimitMs(check));
    if (sight.moved !== undefined) current = withVmsAt(current, [[sight.moved.vm, sight.moved.to]]);
    return sight;
  };
  const within = async (check: RubricCheck): Promise<Sight> => {
    try {
      signal.throwIfAborted();
      return await strays.during(Promise.race([look(check), calledOff]));
    } catch (error) {
      // Whatever else failed then did so because it was called off.
      if (options.signal.aborted) throw options.signal.reason;
      const why = limit.signal.aborted ? new TooLate(overTime(options)) : error;
      // Nobody but the student has made them what they are.
      if (options.live && isOfTheHosts(why)) throw new SubmissionFault(messageOf(why), why instanceof TooLate);
      throw why;
    }
  };
  const clock = {
    nowMs: () => performance.now(),
    // Woken by the signal, the next look tells why.
    sleep: async (ms: number) => await sleep(ms, undefined, { signal }).catch(() => undefined),
  };
  try {
    return await carryOut(rubric, within, clock);
  } finally {
    clearTimeout(timer);
    limit.abort();
    // One that was called off rolls back, for which it needs the lab.
    await Promise.race([moving, sleep(UNDO_MS, undefined, { ref: false })]);
    // Typed as never assigned: the assignment stands in a function.
    const exam = await (opening as Promise<Exam> | null)?.catch(() => null);
    if (exam?.kind === 'open')
      await exam.close().catch((cause: unknown) => {
        // What has been seen is no less true for it.
        const text =
          `lab ${options.labName} could not be removed: ${messageOf(cause)}. \`vxmig lab down ` +
          `${options.labName}\` tries again`;
        options.emit({ kind: 'warning', text });
      });
    strays.release();
  }
}

function overTime({ timeLimitMs }: ExamineOptions): string {
  return `the time limit of ${formatMs(timeLimitMs)} was over`;
}

async function opened(rubric: Rubric, submission: Topology, options: ExamOptions): Promise<Exam> {
  const excess = options.live ? null : oversize(submission, rubric.reference);
  return excess === null ? await openExam(rubric, submission, options) : { kind: 'none', why: excess };
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  const rejected = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('called off')), { once: true });
  });
  // Nobody may be looking then.
  rejected.catch(() => undefined);
  return rejected;
}
