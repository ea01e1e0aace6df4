import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { findMachine } from './machine.js';
import { enterMachine, machineEnvironment } from './run-inside.js';

/**
 * Runs a command inside a host of the lab, or inside `router`, on the caller's terminal.
 * @returns its exit status; 128 + the signal's number if a signal ended it, as a shell tells it
 * @throws VxmigError NOT_FOUND or LAB
 */
export async function labExec(lab: string, machine: string, argv: readonly string[]): Promise<number> {
  const inside = await findMachine(lab, machine);
  const [program = 'nsenter', ...rest] = enterMachine(inside, argv);
  const { TERM } = process.env;
  const env = { ...machineEnvironment(inside), ...(TERM === undefined ? {} : { TERM }) };
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { cwd: '/', env, stdio: 'inherit' });
    // Ctrl-C on the terminal reaches the command too; it decides, and this process tells how it ended.
    const ignore = (): void => undefined;
    process.on('SIGINT', ignore);
    child.once('error', reject);
    child.once('close', (status, signal) => {
      process.off('SIGINT', ignore);
      resolve(status ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
