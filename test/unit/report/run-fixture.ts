import type { Certificate } from '../../../lib/model/certificate.js';
import type { MigrationResult } from '../../../lib/model/migration-result.js';
import type { RunRecord } from '../../../lib/model/run-record.js';

const START_MS = Date.parse('2026-11-21T03:00:00.000Z');

export const MIGRATED: MigrationResult = {
  ok: true,
  vm: 'web',
  from: 'host-a',
  to: 'host-b',
  outcome: 'migrated',
  strategy: 'pre-copy',
  transfer: {
    durationMs: 2396,
    downtimeMs: 113,
    transferredBytes: 93285580,
    iterations: 3,
    throughputBytesPerSecond: 65578598,
  },
  announce: { rarp: 5, garp: 5, na: 0 },
  convergence: {
    converged: true,
    afterResumeMs: 12,
    hosts: [
      {
        host: 'host-a',
        network: 'blue',
        mac: '52:54:00:09:00:01',
        expected: 'host-b',
        seen: 'host-b',
        afterResumeMs: 12,
      },
      {
        host: 'host-c',
        network: 'blue',
        mac: '52:54:00:09:00:01',
        expected: 'host-b',
        seen: 'host-b',
        afterResumeMs: 9,
      },
    ],
  },
  ping: [
    {
      from: 'host-c',
      to: 'web',
      address: '10.9.0.1',
      intervalMs: 10,
      sent: 400,
      received: 400,
      lost: 0,
      duplicates: 0,
      longestGapMs: 117,
      longestWaitMs: 112,
    },
  ],
  stages: [
    { stage: 'reserve', startedAt: '2026-11-21T03:00:00.000Z', durationMs: 140 },
    { stage: 'copy', startedAt: '2026-11-21T03:00:00.140Z', durationMs: 2396 },
    { stage: 'converge', startedAt: '2026-11-21T03:00:02.536Z', durationMs: 12 },
  ],
  switchover: { stoppedAt: '2026-11-21T03:00:02.000Z', resumedAt: '2026-11-21T03:00:02.613Z' },
};

/** What the certificate of MIGRATED could be: host-c had to be repaired, and two frames were lost. */
export const CERTIFICATE: Certificate = {
  zeroAt: '2026-11-21T03:00:02.113Z',
  clocks: [
    { host: 'host-a', offsetMs: 0, errorMs: 0.4 },
    { host: 'host-b', offsetMs: 500, errorMs: 0.7 },
  ],
  hosts: [
    {
      host: 'host-c',
      network: 'blue',
      mac: '52:54:00:09:00:01',
      expected: 'host-b',
      fdbMovedAfterResumeMs: 1009,
      fdbMovedErrorMs: 2.5,
      moves: 1,
      monitorComplete: false,
      monitorGap: 'the monitor ended before the run did',
      traces: [
        {
          from: 'pr-blue-wgop2',
          leavesTowards: ['host-b'],
          ports: ['vx-hostb-o5p2f'],
          ok: true,
          problem: '',
          text: 'Flow: in_port=401 <& more>',
        },
      ],
    },
  ],
  repaired: true,
  overflows: [{ host: 'host-c', queue: 'packet socket', device: 'eth0', frames: 106 }],
  repairs: [
    {
      host: 'host-c',
      network: 'blue',
      mac: '52:54:00:09:00:01',
      afterResumeMs: 1001,
      found: 'its table has 52:54:00:09:00:01 at host-a',
      done: 'removed table=50 and the like; the VM was announced again',
    },
  ],
  timeline: [
    { kind: 'sent-ahead', host: 'host-b', network: null, fromMs: -150, fromErrorMs: 5, toMs: -113, toErrorMs: 0.4 },
    { kind: 'paused', host: 'host-a', network: null, fromMs: -113, fromErrorMs: 0.4, toMs: 0, toErrorMs: 0.7 },
    { kind: 'converging', host: 'host-c', network: 'blue', fromMs: 0, fromErrorMs: 0.7, toMs: 1009, toErrorMs: 2 },
  ],
  lateMeans: 'answered, but after more than 20 ms',
  frames: [
    {
      from: 'host-c',
      to: 'web',
      address: '10.9.0.1',
      kind: 'late',
      firstSequence: 207,
      lastSequence: 215,
      count: 9,
      sentFromMs: -110,
      sentToMs: -30,
      longestWaitMs: 112,
      confidence: 'sure',
      causes: [{ kind: 'paused', host: 'host-a' }],
      errorMs: 1,
    },
    {
      from: 'host-c',
      to: 'web',
      address: '10.9.0.1',
      kind: 'lost',
      firstSequence: 218,
      lastSequence: 219,
      count: 2,
      sentFromMs: -1,
      sentToMs: 9,
      longestWaitMs: null,
      confidence: 'undecided',
      causes: [
        { kind: 'paused', host: 'host-a' },
        { kind: 'converging', host: 'host-c' },
      ],
      errorMs: 2.5,
    },
  ],
  verdict: { ok: true, text: 'web is at host-b: every host sends to it there (1 trace); 2 frames lost, 9 late' },
};

/** 4 s of pings every 10 ms; those sent within the pause (2.000 to 2.113 s) are answered at its end. */
export const RUN: RunRecord = {
  vxmig: '0.1.0',
  startedAt: '2026-11-21T03:00:00.000Z',
  topology: 'two-subnets',
  result: MIGRATED,
  probes: [
    {
      from: 'host-c',
      to: 'web',
      address: '10.9.0.1',
      intervalMs: 10,
      requests: Array.from({ length: 400 }, (_, index) => {
        const afterMs = index * 10 + 0.25;
        return {
          sequence: index + 7,
          sentAtMs: START_MS + afterMs,
          rttMs: afterMs > 2000 && afterMs < 2113 ? Number((2113 - afterMs).toFixed(3)) : 0.512,
        };
      }),
    },
  ],
  // host-b is half a second ahead: its RESUME of 2.613 s was at 2.113 s.
  clocks: { 'host-a': { offsetMs: 0, errorMs: 0.4 }, 'host-b': { offsetMs: 500, errorMs: 0.7 } },
  events: [{ atMs: START_MS + 2000, host: 'host-a', text: 'STOP <web> & "more"' }],
};
