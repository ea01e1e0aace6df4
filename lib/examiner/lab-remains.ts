import { setTimeout as sleep } from 'node:timers/promises';
import { labDown } from '../lab/down.js';
import { VxmigError } from '../model/errors.js';

/** The lock of a process that was killed is free at once; whoever else has it removes the lab, too. */
const LOCK_PATIENCE_MS = 30_000;
const RETRY_MS = 200;

/**
 * Takes a lab down if there is one of that name: whoever built it may have died at it.
 * @throws VxmigError LAB where something of it is left
 */
export async function removeRemains(lab: string): Promise<void> {
  const deadline = performance.now() + LOCK_PATIENCE_MS;
  for (;;) {
    try {
      const { left } = await labDown(lab, () => undefined);
      if (left.length === 0) return;
      throw new VxmigError('LAB', `of the lab ${lab} is left: ${left.join(', ')}`, { where: lab });
    } catch (error) {
      const code = error instanceof VxmigError ? error.code : null;
      if (code === 'NOT_FOUND') return;
      if (code !== 'LOCKED' || performance.now() > deadline) throw error;
      await sleep(RETRY_MS);
    }
  }
}
