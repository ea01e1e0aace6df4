import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 5;

/** True as soon as `condition` holds; false when the time is over. @throws the signal's reason when it is aborted */
export async function until(condition: () => boolean, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    signal?.throwIfAborted();
    if (performance.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
