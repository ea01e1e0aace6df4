import type { CommandContext } from '../context.js';

/** The command that a command line asks for. */
export interface Chosen {
  readonly run: (context: CommandContext) => Promise<number>;
  /** It says something while it works, and so needs a log. */
  readonly logs: boolean;
  /** Its child answers the terminal's signals. */
  readonly ownSignals: boolean;
}

/** What an action does: the command's code is only loaded, and run, after the whole command line was understood. */
export type Choose = (run: Chosen['run'], options?: Partial<Omit<Chosen, 'run'>>) => void;
