import type { Argument, Command, Option } from 'commander';

/** Names that only a look at the topology or the machine can tell. */
export interface NameSource {
  vms(file: string): Promise<readonly string[]>;
  hosts(file: string): Promise<readonly string[]>;
  labs(): Promise<readonly string[]>;
  runs(): Promise<readonly string[]>;
}

export interface Completion {
  /** The shell adds the names of files. */
  readonly files: boolean;
  readonly words: readonly string[];
}

/**
 * What may stand in place of the last of `words`; read off the tree of commands, so that it can't differ from what is understood.
 * What is wrong with the words before it is no concern here: nothing is offered then.
 */
export async function completionsFor(
  program: Command,
  words: readonly string[],
  names: NameSource,
): Promise<Completion> {
  const begun = words.at(-1) ?? '';
  const { command, operands, awaited } = walk(program, words.slice(0, -1));
  if (awaited !== null) return begin(begun, await valuesOf(awaited, operands, names));
  if (begun.startsWith('-')) return begin(begun, { files: false, words: optionWords(program, command) });
  const children = command.commands.filter((child) => !child.name().startsWith('__')).map((child) => child.name());
  const argument = command.registeredArguments[operands.length];
  const own = argument === undefined ? NOTHING : await valuesOf(argument, operands, names);
  return begin(begun, { ...own, words: [...(operands.length === 0 ? children : []), ...own.words] });
}

const NOTHING: Completion = { files: false, words: [] };

interface Position {
  readonly command: Command;
  /** The command's arguments so far. */
  readonly operands: readonly string[];
  /** The option whose value comes next. */
  readonly awaited: Option | null;
}

function walk(program: Command, words: readonly string[]): Position {
  let command = program;
  const operands: string[] = [];
  let awaited: Option | null = null;
  for (const word of words) {
    if (awaited !== null) {
      awaited = null;
    } else if (word.startsWith('-')) {
      const option = [...command.options, ...program.options].find(
        ({ long, short }) => word === long || word === short,
      );
      awaited = option?.required === true ? option : null;
    } else {
      const child = command.commands.find((candidate) => candidate.name() === word);
      if (child !== undefined && operands.length === 0) command = child;
      else operands.push(word);
    }
  }
  return { command, operands, awaited };
}

/** An argument or an option's value is known by what the help calls it. */
async function valuesOf(slot: Argument | Option, operands: readonly string[], names: NameSource): Promise<Completion> {
  const choices = slot.argChoices;
  if (choices !== undefined) return { files: false, words: choices };
  const [file = ''] = operands;
  switch ('flags' in slot ? /<(.+)>/.exec(slot.flags)?.[1] : slot.name()) {
    case 'file':
    case 'dir':
      return { files: true, words: [] };
    case 'file-or-name':
      return { files: true, words: await names.labs() };
    case 'run':
      return { files: true, words: ['latest', ...(await names.runs())] };
    case 'vm':
      return { files: false, words: await names.vms(file) };
    case 'host':
      return { files: false, words: await names.hosts(file) };
    default:
      return NOTHING;
  }
}

function optionWords(program: Command, command: Command): string[] {
  const options = command === program ? program.options : [...command.options, ...program.options];
  const long = options
    .filter((option) => !option.hidden)
    .flatMap((option) => (option.long == null ? [] : [option.long]));
  return [...long, '--help'];
}

function begin(begun: string, { files, words }: Completion): Completion {
  return { files, words: words.filter((word) => word.startsWith(begun)) };
}
