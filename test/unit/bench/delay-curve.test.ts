import t from 'tap';
import { backAfterResume, delayCurve, type SwitchRecord } from '../../../lib/bench/delay-curve.js';

/** Requests by when they left relative to the resume, with their delay. */
function record(
  streams: readonly (readonly (readonly [number, number | null])[])[],
  resumedAtMs = 5_000,
): SwitchRecord {
  return {
    resumedAtMs,
    series: streams.map((requests) => ({
      from: 'host-c',
      to: 'web',
      address: '10.9.0.1',
      intervalMs: 10,
      requests: requests.map(([atMs, rttMs], index) => ({ sequence: index + 1, sentAtMs: resumedAtMs + atMs, rttMs })),
    })),
  };
}

t.test('runs are laid over each other by their resume, slot by slot', async (t) => {
  const curve = delayCurve([
    record([
      [
        [-15, 20],
        [-5, null],
        [4, 1],
      ],
      [
        [-11, 40],
        [9.9, 3],
      ],
    ]),
    record(
      [
        [
          [-20, 60],
          [0, 2],
        ],
      ],
      90_000,
    ),
  ]);
  t.same(curve, [
    { atMs: -20, replies: 3, lost: 0, medianMs: 40, minMs: 20, maxMs: 60 },
    { atMs: -10, replies: 0, lost: 1, medianMs: null, minMs: null, maxMs: null },
    { atMs: 0, replies: 3, lost: 0, medianMs: 2, minMs: 1, maxMs: 3 },
  ]);
});

t.test('what is far from the switch, and a run whose resume was not seen, is left out', async (t) => {
  t.same(
    delayCurve([
      record([
        [
          [-1001, 1],
          [1000, 1],
        ],
      ]),
    ]),
    [],
  );
  t.same(delayCurve([{ ...record([[[0, 1]]]), resumedAtMs: null }]), []);
});

t.test('back after the resume: when the last stream has its first reply', async (t) => {
  t.equal(
    backAfterResume(
      record([
        [
          [-50, 62],
          [5, 8],
        ],
        [
          [-30, 20],
          [-10, null],
          [0, 40.5],
        ],
      ]),
    ),
    40.5,
  );
  t.equal(
    backAfterResume(
      record([
        [[-50, 62]],
        [
          [-30, 20],
          [0, null],
        ],
      ]),
    ),
    null,
    'one stream never came back',
  );
  t.equal(backAfterResume(record([])), null);
  t.equal(backAfterResume({ ...record([[[0, 1]]]), resumedAtMs: null }), null);
});
