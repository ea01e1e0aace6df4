import { setTimeout as sleep } from 'node:timers/promises';

/**
 * libvirt may take a while to end a migration that was given up, and a busy machine to see what is there already;
 * nothing may take longer than this.
 */
const PATIENCE_MS = 15_000;

/** Resolves as soon as it holds. @throws where it does not within the patience */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
    await sleep(50);
  }
}
