import { Ajv, type ValidateFunction } from 'ajv';
import { VxmigError } from '../model/errors.js';
import type { RunRecord } from '../model/run-record.js';
import { STRATEGY_NAMES } from '../strategies/registry.js';
import { CERTIFICATE } from './certificate-shape.js';
import { listOf, number, numberOrNull, record, text, textOrNull, yesOrNo } from './shapes.js';

/**
 * Goes up when a reader of the old format would misread the new one; unknown keys are no reason, readers leave them
 * alone.
 */
const FORMAT_VERSION = 1;

const PING = record(
  {
    from: text,
    to: text,
    address: text,
    network: text,
    intervalMs: number,
    sent: number,
    received: number,
    lost: number,
    duplicates: number,
    longestGapMs: numberOrNull,
    longestWaitMs: numberOrNull,
  },
  ['network'],
);
const TRANSFER = record(
  {
    durationMs: number,
    downtimeMs: numberOrNull,
    transferredBytes: number,
    memoryBytes: numberOrNull,
    iterations: number,
    throughputBytesPerSecond: number,
  },
  ['memoryBytes'],
);
const ENDING = record({
  kind: text,
  why: text,
  predictedDowntimeMs: numberOrNull,
  worstDowntimeMs: numberOrNull,
});
const BOUND = record({
  bytes: number,
  usedBytes: numberOrNull,
  durationMs: number,
  usedMs: numberOrNull,
  kept: yesOrNo,
});
const CONVERGENCE = record({
  converged: yesOrNo,
  afterResumeMs: numberOrNull,
  hosts: listOf(
    record({ host: text, network: text, mac: text, expected: text, seen: textOrNull, afterResumeMs: numberOrNull }),
  ),
});
const RESULT = record(
  {
    ok: yesOrNo,
    vm: text,
    from: text,
    to: text,
    outcome: { enum: ['migrated', 'rolled-back', 'failed'] },
    strategy: { enum: STRATEGY_NAMES },
    transfer: { anyOf: [{ type: 'null' }, TRANSFER] },
    ending: ENDING,
    bound: BOUND,
    announce: record({ rarp: number, garp: number, na: number }),
    convergence: CONVERGENCE,
    ping: listOf(PING),
    macs: listOf(
      record({
        network: text,
        mac: text,
        origin: { enum: ['nic', 'file', 'learned', 'unknown'] },
        covered: yesOrNo,
        why: text,
      }),
    ),
    negotiation: listOf(record({ step: text, host: text, ok: yesOrNo, why: text })),
    unwatched: listOf(record({ network: text, mac: text, why: text })),
    stages: listOf(record({ stage: text, startedAt: text, durationMs: number })),
    switchover: { anyOf: [{ type: 'null' }, record({ stoppedAt: textOrNull, resumedAt: textOrNull })] },
    certificate: CERTIFICATE,
    error: record({ code: text, message: text, hint: text }),
  },
  ['ending', 'bound', 'macs', 'unwatched', 'negotiation', 'certificate', 'error'],
);
/**
 * One request: its sequence number, when it left (milliseconds after `baseMs`), and the wait for its reply (null:
 * lost).
 */
const ROW = { type: 'array', items: [number, number, numberOrNull], minItems: 3, maxItems: 3 };
const FILE = record(
  {
    version: { const: FORMAT_VERSION },
    id: text,
    vxmig: text,
    startedAt: text,
    topology: text,
    result: RESULT,
    probes: listOf(
      record(
        {
          from: text,
          to: text,
          network: text,
          address: text,
          intervalMs: number,
          baseMs: number,
          requests: listOf(ROW),
        },
        ['network'],
      ),
    ),
    clocks: { type: 'object', additionalProperties: record({ offsetMs: number, errorMs: number }) },
    events: listOf(record({ atMs: number, host: textOrNull, text })),
  },
  ['id'],
);

type Row = readonly [sequence: number, afterBaseMs: number, rttMs: number | null];
type RunFile = Omit<RunRecord, 'probes'> & {
  readonly version: typeof FORMAT_VERSION;
  readonly probes: readonly (Omit<RunRecord['probes'][number], 'requests'> & {
    readonly baseMs: number;
    readonly requests: readonly Row[];
  })[];
};

/** Compiled when a run is read: every migration imports this file to write one. */
let compiled: ValidateFunction<RunFile> | undefined;

export function formatRun(run: RunRecord): string {
  const probes = run.probes.map(({ requests, ...probe }) => {
    const baseMs = Math.floor(requests[0]?.sentAtMs ?? 0);
    // Microseconds: what ping tells. More digits would be noise of the floating point.
    const rows = requests.map(({ sequence, sentAtMs, rttMs }): Row => [sequence, round(sentAtMs - baseMs), rttMs]);
    return { ...probe, baseMs, requests: rows };
  });
  const file: RunFile = { version: FORMAT_VERSION, ...run, probes };
  return `${JSON.stringify(file)}\n`;
}

/** @throws VxmigError USAGE with the place of the mistake if the text is not a run that this version reads */
export function parseRun(content: string, where: string): RunRecord {
  const value = parseJson(content, where);
  const version = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined;
  if (typeof version === 'number' && version > FORMAT_VERSION) {
    throw new VxmigError('USAGE', `${where} was written by a newer vxmig (run format ${version})`, {
      where,
      hint: 'Read it with that version, or a later one.',
    });
  }
  compiled ??= new Ajv({ allowUnionTypes: true }).compile<RunFile>(FILE);
  const isRunFile = compiled;
  if (!isRunFile(value)) {
    const [first] = isRunFile.errors ?? [];
    const detail = first ? `${first.instancePath || '/'} ${first.message ?? 'is wrong'}` : 'it is wrong';
    throw notARun(where, detail);
  }
  const { version: _, probes, ...run } = value;
  return {
    ...run,
    probes: probes.map(({ baseMs, requests, ...probe }) => ({
      ...probe,
      requests: requests.map(([sequence, afterBaseMs, rttMs]) => ({ sequence, sentAtMs: baseMs + afterBaseMs, rttMs })),
    })),
  };
}

function parseJson(content: string, where: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw notARun(where, 'it is no JSON', cause);
  }
}

function notARun(where: string, detail: string, cause?: unknown): VxmigError {
  return new VxmigError('USAGE', `${where} is not the record of a run: ${detail}`, {
    where,
    hint: 'Runs are written by `vxmig migrate` and `vxmig apply`; `vxmig report` without a name lists them.',
    cause,
  });
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
