import { execa } from 'execa';
import { CommandError, VxmigError } from '../model/errors.js';

export interface TimedRun {
  readonly wallMs: number;
  readonly stdout: string;
  readonly exitCode: number;
}

/** Rolling a migration back takes its time; only then is a program that was told to stop killed. */
const STOP_TIMEOUT_MS = 60_000;
const RUN_TIMEOUT_MS = 300_000;

/**
 * A program from its start to its end, as its user waits for it.
 * @throws CommandError where it fails; the signal's reason when that aborts it
 */
export async function timedRun(
  argv: readonly string[],
  options: { readonly signal: AbortSignal; readonly env?: Readonly<Record<string, string>> },
): Promise<TimedRun> {
  options.signal.throwIfAborted();
  const [program = '', ...rest] = argv;
  const startedAtMs = performance.now();
  const result = await execa(program, rest, {
    reject: false,
    stdin: 'ignore',
    cancelSignal: options.signal,
    forceKillAfterDelay: STOP_TIMEOUT_MS,
    timeout: RUN_TIMEOUT_MS,
    // What the user has set for this command must not contradict the --quiet of those that it runs.
    env: { VXMIG_VERBOSE: '', ...options.env },
  });
  const wallMs = performance.now() - startedAtMs;
  options.signal.throwIfAborted();
  if (result.failed)
    throw new CommandError('this machine', argv, result.exitCode ?? null, result.stderr || result.stdout);
  return { wallMs: Math.round(wallMs * 10) / 10, stdout: result.stdout, exitCode: result.exitCode ?? 0 };
}

/** This very program, so that what is measured is what the user runs. */
export function vxmigArgv(...args: readonly string[]): string[] {
  return vxmigArgvUnder([], args);
}

/** @param options for Node itself */
export function vxmigArgvUnder(options: readonly string[], args: readonly string[]): string[] {
  const script = process.argv[1];
  if (script === undefined)
    throw new VxmigError('USAGE', 'the bench needs to know which program it is: run it as `vxmig bench`');
  return [process.execPath, ...options, script, ...args];
}
