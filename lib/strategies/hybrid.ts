import { formatBytes, formatMs } from '../model/quantities.js';
import type { PostCopyAfter } from '../model/strategy-settings.js';
import { type PassSight, type PassStep, type Strategy, stopWhenItFits } from './strategy.js';

export const DEFAULT_POST_COPY_AFTER: PostCopyAfter = { passes: 5, durationMs: 60_000 };

/** What a pass begins with is known as well as the looks are quick: so little less is none. */
const STALLED = 0.95;

/** Pre-copy as long as that comes forward, then post-copy (Sahni and Varma, CCEM 2012). */
export const HYBRID: Strategy = hybrid(DEFAULT_POST_COPY_AFTER);

function hybrid(after: PostCopyAfter): Strategy {
  return {
    name: 'hybrid',
    purpose:
      'As pre-copy; then, after so many passes or so much time, or when a pass leaves no less than the one before, ' +
      'as post-copy.',
    suits: 'Guests of which nobody knows how much they write: most never come to post-copy, and all arrive.',
    needs: ['userfaultfd'],
    asksFor: { postCopy: true, autoConverge: false },
    alwaysSteers: true,
    steer: (pass) => steer(after, pass),
    tuning: { reads: 'postCopyAfter', tuned: ({ postCopyAfter }) => hybrid(postCopyAfter) },
    bound: null,
  };
}

function steer({ passes, durationMs }: PostCopyAfter, pass: PassSight): PassStep {
  const { iteration, begins, bytes, bytesBefore, elapsedMs } = pass;
  if (elapsedMs >= durationMs) return letGo(`${formatMs(durationMs)} of copying are over`);
  const step = stopWhenItFits(pass);
  if (step.kind === 'stop' || !begins) return step;
  if (iteration > passes) return letGo(`pass ${iteration - 1} is over`);
  if (bytesBefore !== null && bytes >= bytesBefore * STALLED) {
    const [now, before] = [bytes, bytesBefore].map((each) => formatBytes(Math.round(each)));
    return letGo(`a pass left ${now}, and the one before ${before}`);
  }
  return step;
}

function letGo(why: string): PassStep {
  return { kind: 'post-copy', why, isLast: false };
}
