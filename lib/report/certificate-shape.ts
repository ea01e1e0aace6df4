import { listOf, number, numberOrNull, record, text, textOrNull, yesOrNo } from './shapes.js';

const CAUSE = { kind: text, host: text };
/** A certificate as it is kept with its run. */
export const CERTIFICATE = record(
  {
    zeroAt: text,
    clocks: listOf(record({ host: text, offsetMs: number, errorMs: number })),
    hosts: listOf(
      record({
        host: text,
        network: text,
        mac: text,
        expected: text,
        fdbMovedAfterResumeMs: numberOrNull,
        fdbMovedErrorMs: numberOrNull,
        moves: number,
        monitorComplete: yesOrNo,
        monitorGap: textOrNull,
        traces: listOf(
          record({ from: text, leavesTowards: listOf(text), ports: listOf(text), ok: yesOrNo, problem: text, text }),
        ),
      }),
    ),
    repaired: yesOrNo,
    repairs: listOf(
      record({ host: text, network: text, mac: text, afterResumeMs: numberOrNull, found: text, done: text }),
    ),
    overflows: listOf(record({ host: text, queue: { enum: ['tap', 'packet socket'] }, device: text, frames: number })),
    timeline: listOf(
      record({
        ...CAUSE,
        network: textOrNull,
        fromMs: number,
        fromErrorMs: number,
        toMs: numberOrNull,
        toErrorMs: number,
      }),
    ),
    lateMeans: text,
    frames: listOf(
      record({
        from: text,
        to: text,
        address: text,
        kind: { enum: ['lost', 'late'] },
        firstSequence: number,
        lastSequence: number,
        count: number,
        sentFromMs: number,
        sentToMs: number,
        longestWaitMs: numberOrNull,
        confidence: { enum: ['sure', 'undecided', 'unknown'] },
        causes: listOf(record(CAUSE)),
        errorMs: number,
      }),
    ),
    arming: listOf(record({ atMs: number, tookMs: number, inTime: yesOrNo })),
    verdict: record({ ok: yesOrNo, text }),
  },
  ['overflows', 'arming'],
);
