import { ERRORS, VxmigError } from '../../model/errors.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives the signals back to Node. */
  release(): void;
}

/**
 * The first Ctrl-C or SIGTERM asks the command to stop and to undo what it has begun; the second one leaves at once, because somebody who
 * asks twice does not want to wait.
 */
export function onInterrupt(say: (text: string) => void): Interrupt {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(ERRORS.INTERRUPTED.exit);
    controller.abort(new VxmigError('INTERRUPTED', `interrupted by ${name}`));
    say('Stopping and undoing what was begun; once more to leave at once.');
  };
  for (const name of SIGNALS) process.on(name, stop);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of SIGNALS) process.off(name, stop);
    },
  };
}

/** For commands whose own child gets the terminal's signals. */
export const NO_INTERRUPT: Interrupt = { signal: new AbortController().signal, release: () => undefined };
