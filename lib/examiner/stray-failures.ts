import { OwnFault } from '../grade/sight.js';
import { messageOf } from '../model/errors.js';

const EVENTS = ['unhandledRejection', 'uncaughtException'] as const;

export interface StrayFailures {
  /** Does as `work` does, but rejects at the first failure that nobody waits for until then. @throws OwnFault */
  readonly during: <Result>(work: Promise<Result>) => Promise<Result>;
  /** Leaves such failures to Node again, which ends the process. */
  readonly release: () => void;
}

/**
 * Failures that nobody waits for, which would end the process: a grading has a report to give whatever happens to one
 * of its checks, and the one that is being carried out is in error.
 * @param unclaimed told of one while no check is being carried out
 */
export function catchStrayFailures(unclaimed: (message: string) => void): StrayFailures {
  let claim: ((error: OwnFault) => void) | null = null;
  const stray = (cause: unknown) => {
    const message = `a fault of vxmig itself: ${messageOf(cause)}`;
    if (claim === null) unclaimed(message);
    else claim(new OwnFault(message, { cause }));
  };
  for (const event of EVENTS) process.on(event, stray);
  return {
    during: async (work) => {
      const failed = new Promise<never>((_resolve, reject) => {
        claim = reject;
      });
      try {
        return await Promise.race([work, failed]);
      } finally {
        claim = null;
      }
    },
    release: () => {
      for (const event of EVENTS) process.off(event, stray);
    },
  };
}
