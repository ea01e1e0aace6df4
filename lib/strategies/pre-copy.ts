import { type Strategy, stopWhenItFits } from './strategy.js';

/** The memory is copied pass by pass while the guest runs; the rest when it stands still (Clark et al., NSDI 2005). */
export const PRE_COPY: Strategy = {
  name: 'pre-copy',
  purpose: 'The memory is copied while the guest runs, again and again what it has changed, until the rest is small.',
  suits: 'Guests that write less than the link carries. Until the switch it can be called off without loss.',
  needs: [],
  asksFor: { postCopy: false, autoConverge: false },
  alwaysSteers: false,
  steer: stopWhenItFits,
  tuning: null,
  bound: null,
};
