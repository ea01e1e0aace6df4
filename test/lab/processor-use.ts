import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const NAP_MS = 5;

/**
 * Sleeps and wakes in a thread that has nothing else to do, and says in the end by how much it was late at the worst.
 */
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

/** What a machine had of its processors while something was done. */
export interface ProcessorUse<Result> {
  readonly result: Result;
  /**
   * How long somebody who sleeps waited, when his time had come, for a processor; at the worst. What a hypervisor takes
   * is in it.
   */
  readonly waitedMs: number;
  /** Of all processors' time, 0 to 1: whoever could run had to wait only while there was none. */
  readonly idle: number;
}

export async function processorUse<Result>(during: () => Promise<Result>): Promise<ProcessorUse<Result>> {
  const over = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(SLEEPER, { eval: true, workerData: over.buffer });
  await once(worker, 'online');
  const before = processorTicks();
  try {
    const result = await during();
    const after = processorTicks();
    const answer = once(worker, 'message');
    Atomics.store(over, 0, 1);
    Atomics.notify(over, 0);
    const [waitedMs] = await answer;
    const all = after.all - before.all;
    return { result, waitedMs: Number(waitedMs), idle: all === 0 ? 0 : (after.idle - before.idle) / all };
  } finally {
    await worker.terminate();
  }
}

/** proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; what comes after is in these already. */
function processorTicks(): { readonly all: number; readonly idle: number } {
  const [, ...figures] = readFileSync('/proc/stat', 'utf8').split('\n', 1).join('').split(/\s+/);
  const ticks = figures.slice(0, 8).map(Number);
  return { all: ticks.reduce((sum, one) => sum + one, 0), idle: (ticks[3] ?? 0) + (ticks[4] ?? 0) };
}
