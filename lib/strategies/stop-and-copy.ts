import { type Strategy, stopNow } from './strategy.js';

/** So long the copy is waited for until its speed is known, by which the pause is foretold. */
const SPEED_WITHIN_MS = 1_000;

/** The guest stands still while all its memory goes: what live migration is measured against. */
export const STOP_AND_COPY: Strategy = {
  name: 'stop-and-copy',
  purpose:
    'The guest stands still while its memory goes; it runs on only for the moment in which the speed is measured.',
  suits: 'Comparisons, and guests that nobody waits for: fewest bytes and shortest in all, and the longest pause.',
  needs: [],
  asksFor: { postCopy: false, autoConverge: false },
  alwaysSteers: true,
  steer: (pass) =>
    !pass.bytesPerSecond && pass.elapsedMs < SPEED_WITHIN_MS
      ? { kind: 'another pass' }
      : stopNow(pass, { leavesBytes: pass.leftBytes, why: 'all of it goes while the guest stands still' }),
  tuning: null,
  bound: null,
};
