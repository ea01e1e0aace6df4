import type { Strategy } from './strategy.js';

/** One pass, then the guest runs at the destination and fetches what it misses (Hines and Gopalan, VEE 2009). */
export const POST_COPY: Strategy = {
  name: 'post-copy',
  purpose: 'After one pass the guest runs at the destination, and what is missing there is fetched as it asks for it.',
  suits: 'Guests that write without end. Where the connection breaks while memory is fetched, the guest stands still.',
  needs: ['userfaultfd'],
  asksFor: { postCopy: true, autoConverge: false },
  alwaysSteers: false,
  steer: ({ iteration }) =>
    iteration < 2 ? { kind: 'another pass' } : { kind: 'post-copy', why: 'the first pass is over', isLast: false },
  tuning: null,
  bound: null,
};
