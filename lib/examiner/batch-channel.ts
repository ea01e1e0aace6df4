import { readFileSync } from 'node:fs';
import { procBytes } from '../model/proc-figure.js';

/** What a student's process tells the batch besides the grade. */
export interface LastWord {
  readonly peakMemoryBytes: number;
}

/** This process grades one student of a batch, which has looked at the rubric already. */
export function isOfBatch(): boolean {
  return process.send !== undefined;
}

/**
 * For a process that a batch has started, told by the channel that it has to the batch (child_process, `ipc`): should
 * the batch die, however that happens, the channel closes, and the process stops itself as if it had been told to, so
 * that its lab goes with it.
 * @param signal aborts when the process is told to stop. To be told twice would mean to leave at once
 */
export function endWithBatch(signal: AbortSignal): void {
  if (!isOfBatch()) return;
  const stop = () => {
    if (!signal.aborted) process.kill(process.pid, 'SIGTERM');
  };
  process.once('disconnect', stop);
  // The batch may have died while this program was loaded.
  if (!process.connected) stop();
  // It is no reason to stay.
  process.channel?.unref();
}

/** Tells the batch what only this process knows of itself; nothing where there is no batch, or none any more. */
export async function tellBatch(): Promise<void> {
  if (!process.connected) return;
  const word: LastWord = { peakMemoryBytes: peakMemoryBytes() };
  await new Promise<void>((resolve) => process.send?.(word, undefined, undefined, () => resolve()));
}

/** VmHWM of proc_pid_status(5). Not that of getrusage(2), which begins with what the process had that started it. */
function peakMemoryBytes(): number {
  const bytes = procBytes(readFileSync('/proc/self/status', 'utf8'), 'VmHWM');
  if (bytes === null) throw new Error('no VmHWM in /proc/self/status');
  return bytes;
}
