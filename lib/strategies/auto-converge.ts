import { type Strategy, stopWhenItFits } from './strategy.js';

/**
 * Pre-copy with QEMU's throttle: the virtual CPUs get less time as long as a pass does not send more than the guest
 * dirties.
 */
export const AUTO_CONVERGE: Strategy = {
  name: 'auto-converge',
  purpose: 'As pre-copy, and QEMU slows the guest down, more and more, until a pass leaves little enough.',
  suits: 'Guests that write more than the link carries, and may be slow for a while.',
  needs: [],
  asksFor: { postCopy: false, autoConverge: true },
  alwaysSteers: false,
  steer: stopWhenItFits,
  tuning: null,
  bound: null,
};
