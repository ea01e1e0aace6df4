import type { Command } from '../model/command.js';
import { shellLine } from '../model/quote.js';
import type { HostShell } from './connection.js';

const END = '# that was all';

/**
 * Begins when it has read all, and then goes on to the end whatever becomes of the connection and of us: nobody is
 * there to read what it prints.
 */
const WHOLE_OR_NOT = `trap '' HUP PIPE
script=$(cat)
case $script in *'${END}') ;; *) exit 1 ;; esac
set -eu
eval "set -x
$script"`;

/**
 * Runs commands one after the other in one session and stops at the first that fails; the error then names that command
 * (`sh -x` prints each before it runs). A controller that dies does not leave them half done: an address that has been
 * taken from one device and not been given to the other yet, and the routes that went with it, would be known to nobody
 * any more.
 *
 * @throws CommandError
 */
export async function runCommands(shell: HostShell, commands: readonly Command[]): Promise<void> {
  if (commands.length === 0) return;
  await shell.run(['sh', '-c', WHOLE_OR_NOT], { stdin: `${commandScript(commands)}${END}\n` });
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
