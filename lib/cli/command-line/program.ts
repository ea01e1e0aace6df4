import { Command, CommanderError, Option } from 'commander';
import { VxmigError } from '../../model/errors.js';
import { VERSION } from '../../model/version.js';
import type { Choose, Chosen } from './choose.js';
import { jsonFromEnvironment, readOptionsFromEnvironment } from './environment.js';
import { registerBench } from './register-bench.js';
import { registerCompletion } from './register-completion.js';
import { registerFileCommands } from './register-file-commands.js';
import { registerGrade } from './register-grade.js';
import { registerHostCommands } from './register-host-commands.js';
import { registerImage } from './register-image.js';
import { registerLabCommands } from './register-lab-commands.js';

export interface GlobalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly colour: boolean;
  readonly log: string | null;
}

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: 'text'; readonly globals: GlobalOptions; readonly text: string; readonly document: unknown }
  | ({ readonly kind: 'command'; readonly globals: GlobalOptions } & Chosen);

/** @throws VxmigError USAGE */
export function parseCommandLine(argv: readonly string[]): Invocation {
  let chosen: Chosen | null = null;
  const printed = { text: '' };
  const program = buildProgram((run, options) => {
    chosen = { run, logs: options?.logs ?? false, ownSignals: options?.ownSignals ?? false };
  }, printed);
  readOptionsFromEnvironment(program, process.env);
  try {
    // Who types the bare name wants to know what there is.
    program.parse(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usageError(error, program, argv);
    const key = error.code === 'commander.version' ? 'version' : 'help';
    const document = { ok: true, [key]: key === 'version' ? VERSION : printed.text };
    return { kind: 'text', globals: globalsOf(program), text: printed.text, document };
  }
  if (chosen === null) throw new Error('the command line was read, but no command chosen');
  return { kind: 'command', globals: globalsOf(program), ...(chosen as Chosen) };
}

/** Whether a command line that could not be understood asked for JSON. */
export function wantsJson(argv: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json') || jsonFromEnvironment(env);
}

/** The tree of commands, for reading a command line and for completing one. */
export function buildProgram(choose: Choose, printed: { text: string }): Command {
  const program = new Command('vxmig')
    .description(
      'Live migration of virtual machines between hosts in different IP subnets, over Open vSwitch and VXLAN',
    )
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .addOption(new Option('--json', 'print exactly one JSON document on stdout'))
    .addOption(new Option('-q, --quiet', 'no progress on stderr').conflicts('verbose'))
    .addOption(new Option('-v, --verbose', 'every detail on stderr'))
    .addOption(new Option('--no-color', 'no colour; so does NO_COLOR'))
    .addOption(new Option('--log <file>', 'append a log with every detail, as JSON lines'))
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        printed.text += text;
      },
      // Mistakes are told by the error that is thrown.
      writeErr: () => undefined,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', ROOT_HELP);
  registerFileCommands(program, choose);
  registerGrade(program, choose);
  registerCompletion(program, choose);
  registerImage(program, choose);
  registerLabCommands(program, choose);
  registerHostCommands(program, choose);
  registerBench(program, choose);
  return program;
}

const ROOT_HELP = `
Begin with:
  vxmig validate topologies/two-subnets.yaml
  vxmig lab up topologies/two-subnets.yaml        then: apply, migrate, report latest, lab down

Exit status: 0 done, 1 failed, 2 changes are pending (plan --detailed-exitcode), 3 the input is wrong,
  4 checks failed, 5 another controller holds the lock, 130 interrupted.
Every option is also a variable: --log is VXMIG_LOG, migrate --timeout is VXMIG_MIGRATE_TIMEOUT.`;

function globalsOf(program: Command): GlobalOptions {
  const { json, quiet, verbose, color, log } = program.opts<{
    json?: boolean;
    quiet?: boolean;
    verbose?: boolean;
    color?: boolean;
    log?: string;
  }>();
  return {
    json: json ?? false,
    quiet: quiet ?? false,
    verbose: verbose ?? false,
    colour: color ?? true,
    log: log ?? null,
  };
}

function usageError(error: CommanderError, program: Command, argv: readonly string[]): VxmigError {
  const { command, path } = commandOf(program, argv);
  const where = path.join(' ');
  const hint = `See \`${where} --help\`.`;
  if (error.code === 'commander.help') {
    const names = command
      .createHelp()
      .visibleCommands(command)
      .map((child) => child.name());
    return new VxmigError('USAGE', `${where}: no command was given, of ${names.join(', ')}`, {
      hint,
      where,
      cause: error,
    });
  }
  const [message = '', ...suggestion] = error.message.replace(/^error: /, '').split('\n');
  return new VxmigError('USAGE', message, { hint: [...suggestion, hint].join(' '), where, cause: error });
}

/** The command that the words of `argv` lead to. */
function commandOf(program: Command, argv: readonly string[]): { readonly command: Command; readonly path: string[] } {
  const path = [program.name()];
  let command: Command = program;
  for (const word of argv) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next === undefined) continue;
    path.push(word);
    command = next;
  }
  return { command, path };
}
