import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const NAP_MS = 5;

/** Sleeps and wakes in a thread that has nothing else to do, and says in the end by how much it was late at the worst. */
const SLEEPER = `
const { parentPort, workerData } = require('node:worker_threads');
const over = new Int32Array(workerData);
let worst = 0;
while (Atomics.load(over, 0) === 0) {
  const due = performance.now() + ${NAP_MS};
  Atomics.wait(over, 0, 0, ${NAP_MS});
  if (Atomics.load(over, 0) === 0) worst = Math.max(worst, performance.now() - due);
}
parentPort.postMessage(worst);
`;

/**
 * How long somebody on this machine who could run waited for a processor meanwhile, at the worst; in milliseconds. What a hypervisor takes
 * is in it, and no kernel need be asked for figures that it may not keep (/proc/pressure).
 */
export async function longestProcessorWait<Result>(
  during: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly waitedMs: number }> {
  const over = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(SLEEPER, { eval: true, workerData: over.buffer });
  await once(worker, 'online');
  const end = async () => {
    const answer = once(worker, 'message');
    Atomics.store(over, 0, 1);
    Atomics.notify(over, 0);
    const [worstMs] = await answer;
    return Number(worstMs);
  };
  try {
    const result = await during();
    return { result, waitedMs: await end() };
  } finally {
    await worker.terminate();
  }
}
