import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LastWord } from './batch-channel.js';

/** A grade is a few KiB for each check. */
const STDOUT_LIMIT_BYTES = 8 * 2 ** 20;
const STDERR_KEPT_BYTES = 4096;

/** A process that has ended may have left its pipes to another one, which never closes them. */
const DRAIN_MS = 1000;

/** Why a process was ended before it ended itself. */
export type Cut = 'time' | 'output' | 'interrupt';

export interface ChildEnd {
  /** All of it, unless it was cut for `output`. */
  readonly stdout: string;
  /** The last of it. */
  readonly stderr: string;
  /** null: a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly cut: Cut | null;
  readonly durationMs: number;
  readonly peakMemoryBytes: number | null;
}

export interface ChildLimits {
  /** From its start; it is killed then, with its process group. */
  readonly timeMs: number;
  /** From the interrupt; until then it may clean up. */
  readonly stopMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs a program to its end, and that end comes: whatever it does, nothing of its process group outlives the limits. It
 * has a channel to this process (batch-channel.ts), and a session of its own, so that the terminal's Ctrl-C reaches
 * this process only.
 * @throws Error where it can't be started
 */
export async function runChild(
  [program = '', ...args]: readonly string[],
  { timeMs, stopMs, signal }: ChildLimits,
): Promise<ChildEnd> {
  const startedAtMs = performance.now();
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
    env: withoutOptions(process.env),
  });
  let cut: Cut | null = null;
  // What comes after its end changes nothing of what it has said, and its number may be another's by then.
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const kill = () => {
    if (isRunning()) killGroup(child);
  };
  const cutOff = (why: Cut) => {
    if (!isRunning()) return;
    cut ??= why;
    kill();
  };
  const heard = hear(child, () => cutOff('output'));
  const timers = [setTimeout(() => cutOff('time'), timeMs)];
  const stop = () => {
    if (!isRunning()) return;
    cut ??= 'interrupt';
    child.kill('SIGTERM');
    timers.push(setTimeout(kill, stopMs));
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const { exitCode, signal: deadly } = await ended(child);
    return { ...heard(), exitCode, signal: deadly, cut, durationMs: Math.round(performance.now() - startedAtMs) };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** The options of this command are none of the children's. */
function withoutOptions(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('VXMIG_')));
}

function hear(child: ChildProcess, tooMuch: () => void): () => Pick<ChildEnd, 'stdout' | 'stderr' | 'peakMemoryBytes'> {
  const parts: Buffer[] = [];
  let bytes = 0;
  let stderr = Buffer.alloc(0);
  let peakMemoryBytes: number | null = null;
  child.stdout?.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes > STDOUT_LIMIT_BYTES) tooMuch();
    else parts.push(part);
  });
  child.stderr?.on('data', (part: Buffer) => {
    stderr = Buffer.concat([stderr, part]).subarray(-STDERR_KEPT_BYTES);
  });
  child.on('message', (word: Partial<LastWord> | null) => {
    if (typeof word?.peakMemoryBytes === 'number') peakMemoryBytes = word.peakMemoryBytes;
  });
  return () => ({ stdout: Buffer.concat(parts).toString(), stderr: stderr.toString().trim(), peakMemoryBytes });
}

function ended(child: ChildProcess): Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', async (exitCode, signal) => {
      const closed = new Promise((resolve) => child.once('close', resolve));
      // What it has started and not waited for.
      killGroup(child);
      await Promise.race([closed, sleep(DRAIN_MS, undefined, { ref: false })]);
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve({ exitCode, signal });
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  // It could not be started.
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
