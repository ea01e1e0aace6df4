import { Argument, type Command } from 'commander';
import type { CompletionShell } from '../completion/scripts.js';
import type { Choose } from './choose.js';

const SHELLS: readonly CompletionShell[] = ['bash', 'zsh', 'fish'];

/** What the tab key asks for; the answers are read off `program`, whose commands need not be there yet. */
export function registerCompletion(program: Command, choose: Choose): void {
  program
    .command('completion')
    .description('print the script that completes commands, options, files and names')
    .addArgument(new Argument('<shell>', 'for which shell').choices(SHELLS))
    .addHelpText(
      'after',
      '\nExample:\n  source <(vxmig completion bash)\n  vxmig completion fish > ~/.config/fish/completions/vxmig.fish',
    )
    .action((shell: CompletionShell) => {
      choose(async (context) => (await import('../completion/completion.js')).completionCommand(context, shell));
    });

  program
    .command('__complete', { hidden: true })
    .description('what may stand next; the completion scripts ask it')
    .argument('[words...]', 'the words so far, the last of them begun')
    .action((words: string[]) => {
      choose(async (context) => (await import('../completion/completion.js')).completeCommand(context, program, words));
    });
}
