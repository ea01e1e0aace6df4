import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { procBytes } from '../model/proc-figure.js';

/** Tells how much memory a program of ours has had at most. */
export interface MemoryMeter {
  /** For Node, before the program. */
  readonly options: readonly string[];
  /** Of the program that ended last, in bytes. @throws Error where none has */
  readonly peakBytes: () => Promise<number>;
}

/**
 * The kernel's own figure, VmHWM of proc_pid_status(5), which the program leaves behind as it ends. Not that of
 * getrusage(2): this begins with what the process had that started it (fs/exec.c: setmax_mm_hiwater_rss).
 * @param directory for the few lines that the program loads first, and what they write
 */
export async function memoryMeter(directory: string): Promise<MemoryMeter> {
  const preload = join(directory, 'peak-memory.cjs');
  const status = join(directory, 'status');
  const lines = [
    "const { readFileSync, writeFileSync } = require('node:fs');",
    `process.on('exit', () => writeFileSync(${JSON.stringify(status)}, readFileSync('/proc/self/status')));`,
  ];
  await writeFile(preload, `${lines.join('\n')}\n`);
  return {
    options: ['--require', preload],
    peakBytes: async () => {
      const bytes = procBytes(await readFile(status, 'utf8'), 'VmHWM');
      if (bytes === null) throw new Error(`no VmHWM in ${status}`);
      return bytes;
    },
  };
}
