import type { Command } from '../model/command.js';
import type { HostShell } from './connection.js';
import { shellLine } from './quote.js';

/**
 * Runs commands one after the other in one session and stops at the first that fails; the error then names that
 * command (`sh -x` prints each before it runs).
 *
 * @throws CommandError
 */
export async function runCommands(shell: HostShell, commands: readonly Command[]): Promise<void> {
  if (commands.length === 0) return;
  await shell.run(['sh', '-eux', '-s'], { stdin: commandScript(commands) });
}

/** The same commands as text that a person can read and run. */
function commandScript(commands: readonly Command[]): string {
  return `${commands.map(commandText).join('\n')}\n`;
}

/** One command, with its standard input as a here-document whose mark is not in it. */
export function commandText({ argv, stdin }: Command): string {
  if (stdin === undefined) return shellLine(argv);
  let mark = 'END';
  while (stdin.includes(mark)) mark += '_';
  return `${shellLine(argv)} <<'${mark}'\n${stdin.endsWith('\n') ? stdin : `${stdin}\n`}${mark}`;
}
