import { execa } from 'execa';
import { CommandError } from '../model/errors.js';
import { confine } from './capabilities.js';
import { joining } from './control-groups.js';
import { labEnvironment } from './processes.js';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where a command runs: the machine of a lab, by the PID 1 of its namespaces. */
export interface Inside {
  readonly lab: string;
  readonly machine: string;
  readonly pid: number;
}

/**
 * Arguments that run a command in all namespaces of the machine. It is confined before it gets there: a PID 1's
 * bounding set binds only what it starts itself, and a setpriv(1) from inside may be any program. It counts among the
 * machine's processes, as all that it starts.
 */
export function enterMachine(inside: Inside, argv: readonly string[], keeps: readonly string[] = []): string[] {
  const target = ['--target', String(inside.pid)];
  const enter = ['nsenter', ...target, '--mount', '--uts', '--ipc', '--net', '--pid', '--', ...argv];
  const entered = confine(enter, keeps);
  return joining(inside.lab, inside.machine, entered);
}

/** nsenter(1) arguments that enter the network namespace only: programs and files are the outer machine's. */
export function enterNetwork(inside: Inside, argv: readonly string[]): string[] {
  return ['nsenter', '--target', String(inside.pid), '--net', '--', ...argv];
}

/** Nothing of the caller's own environment gets in: a lab behaves the same whoever starts it. */
export function machineEnvironment(inside: Pick<Inside, 'lab' | 'machine'>): Record<string, string> {
  return { PATH, HOME: '/root', USER: 'root', LC_ALL: 'C.UTF-8', ...labEnvironment(inside.lab, inside.machine) };
}

/**
 * Runs to the end and returns what it printed.
 * @throws CommandError with the machine's name
 */
export async function runInside(
  inside: Inside,
  argv: readonly string[],
  options: {
    readonly enter?: 'machine' | 'network';
    readonly input?: string;
    readonly timeoutMs?: number;
    /** As {@link confine}. */
    readonly keeps?: readonly string[];
  } = {},
): Promise<string> {
  const entered = options.enter === 'network' ? enterNetwork(inside, argv) : enterMachine(inside, argv, options.keeps);
  const [program = 'nsenter', ...rest] = entered;
  const result = await execa(program, rest, {
    reject: false,
    extendEnv: false,
    env: machineEnvironment(inside),
    cwd: '/',
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' as const }),
  });
  if (result.failed) {
    const why = result.timedOut ? `no answer within ${options.timeoutMs} ms` : result.stderr || (result.message ?? '');
    throw new CommandError(inside.machine, argv, result.exitCode ?? null, why);
  }
  return result.stdout;
}
