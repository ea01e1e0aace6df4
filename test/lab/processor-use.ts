import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const NAP_MS = 5;
const SECOND_MS = 1_000;

/**
 * Sleeps and wakes in a thread that has nothing else to do, and says in the end by how much it was late at the worst,
 * and how idle the processors were in the busiest second.
 *
 * proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; what comes after is in these already.
 */
const SLEEPER = `
const { readFileSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const over = new Int32Array(workerData);
const ticks = () => {
  const figures = readFileSync('/proc/stat', 'utf8').split('\\n', 1).join('').split(/\\s+/).slice(1, 9).map(Number);
  return { all: figures.reduce((sum, one) => sum + one, 0), idle: figures[3] + figures[4], at: performance.now() };
};
let waitedMs = 0;
let idle = 1;
let before = ticks();
const look = () => {
  const now = ticks();
  if (now.all > before.all) idle = Math.min(idle, (now.idle - before.idle) / (now.all - before.all));
  before = now;
};
while (Atomics.load(over, 0) === 0) {
  const due = performance.now() + ${NAP_MS};
  Atomics.wait(over, 0, 0, ${NAP_MS});
  if (Atomics.load(over, 0) === 0) waitedMs = Math.max(waitedMs, performance.now() - due);
  if (performance.now() - before.at >= ${SECOND_MS}) look();
}
parentPort.postMessage({ waitedMs, idle });
`;

/** What a machine had of its processors while something was done. */
export interface ProcessorUse<Result> {
  readonly result: Result;
  /**
   * How long somebody who sleeps waited, when his time had come, for a processor; at the worst. What a hypervisor takes
   * is in it.
   */
  readonly waitedMs: number;
  /** Of all processors' time in the busiest second, 0 to 1: whoever could run had to wait while there was none. */
  readonly idle: number;
}

export async function processorUse<Result>(during: () => Promise<Result>): Promise<ProcessorUse<Result>> {
  const over = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(SLEEPER, { eval: true, workerData: over.buffer });
  await once(worker, 'online');
  try {
    const result = await during();
    const answer = once(worker, 'message');
    Atomics.store(over, 0, 1);
    Atomics.notify(over, 0);
    const [{ waitedMs, idle }] = await answer;
    return { result, waitedMs: Number(waitedMs), idle: Number(idle) };
  } finally {
    await worker.terminate();
  }
}
