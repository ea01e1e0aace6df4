import { Argument, type Command, Option } from 'commander';
import { VxmigError } from '../../model/errors.js';
import type { GraphFormat } from '../../report/graph.js';
import type { GradeFormat } from '../commands/grade.js';
import type { GradeBatchOptions } from '../commands/grade-batch.js';
import type { CommandContext } from '../context.js';
import { countArgument, durationArgument, minScoreArgument } from './arguments.js';
import type { Choose } from './choose.js';

/** The forms that `graph` draws; report/ is not loaded for the help's sake, and its type holds the list true. */
const GRAPH_FORMATS: readonly GraphFormat[] = ['svg', 'mermaid', 'dot'];
const GRADE_FORMATS: readonly GradeFormat[] = ['table', 'json', 'junit', 'csv', 'gradescope'];
const SCHEMAS = ['topology', 'rubric'] as const;
const SHELLS = ['bash', 'zsh', 'fish'] as const;

const GRADE_HELP = `
With --batch the submissions are graded by a process each; one that is broken, or whose grading fails, keeps no other from being graded.
--results DIR holds then for each student NAME.json, which is all, and NAME.txt without what is not visible to students; with --format
gradescope NAME/results.json.
Example:
  vxmig grade answer.yaml --rubric rubric.yaml
  vxmig grade mine.yaml --rubric rubric.yaml --for student
  vxmig grade answer.yaml --rubric rubric.yaml --format gradescope --output results.json
  vxmig grade --batch submissions/ --rubric rubric.yaml --format csv --output scores.csv --results reports/`;

const GRADE_MEND = 'Give one file, or a directory of them with --batch.';

/** Commands that read files; only `grade` may go further. */
export function registerFileCommands(program: Command, choose: Choose): void {
  program
    .command('validate')
    .description('check a topology file: schema and meaning, every mistake at once')
    .argument('<file>', 'topology file')
    .addHelpText(
      'after',
      '\nExample:\n  vxmig validate topologies/two-subnets.yaml\nNext:\n  vxmig lab up FILE, or vxmig doctor FILE for real machines',
    )
    .action((file: string) => {
      choose(async (context) => (await import('../commands/validate.js')).validateCommand(context, file));
    });

  program
    .command('graph')
    .description('draw the topology')
    .argument('<file>', 'topology file')
    .addOption(new Option('--format <format>', 'what to write').choices(GRAPH_FORMATS).default('svg'))
    .option('-o, --output <file>', 'write there, not to stdout')
    .addHelpText('after', '\nExample:\n  vxmig graph topologies/two-subnets.yaml --output two-subnets.svg')
    .action((file: string, options: { format: GraphFormat; output?: string }) => {
      choose(async (context) => (await import('../commands/graph.js')).graphCommand(context, file, options));
    });

  program
    .command('report')
    .description("a run's measurements as one self-contained HTML page; without RUN: the list of runs")
    .argument('[run]', "the run's name or the beginning of it, `latest`, or a run file")
    .option('-o, --output <file>', 'write there, not to stdout')
    .addHelpText('after', '\nExample:\n  vxmig report latest --output run.html')
    .action((run: string | undefined, options: { output?: string }) => {
      choose(async (context) => (await import('../commands/report.js')).reportCommand(context, run ?? null, options));
    });

  program
    .command('grade')
    .description(
      'score a topology, or those of a whole class, by a rubric, on a lab of its own where the checks need hosts',
    )
    .argument('[file]', "the student's topology file")
    .requiredOption('--rubric <file>', 'what is looked at, and what it counts')
    .option(
      '--batch <dir>',
      'grade a class: NAME.yaml for each student, or a directory NAME with one topology somewhere in it',
    )
    .option('--jobs <n>', 'students at the same time; default: what memory and CPUs allow', countArgument)
    .option('--results <dir>', 'also write there a report for each student, of what is visible to all')
    .addOption(new Option('--format <format>', 'what to write').choices(GRADE_FORMATS).default('table'))
    .option('-o, --output <file>', 'write there, not to stdout')
    .option('--min-score <points>', 'exit 4 where anybody is below it: points, or a share as 60%', minScoreArgument)
    .option('--reveal', 'also what came of checks that are not visible to all, and what they saw')
    .addOption(
      new Option(
        '--for <whom>',
        'student: leave out what needs the reference or hidden checks where these are missing',
      ).choices(['student']),
    )
    .option('--live', 'look at the hosts as they are, configured by whomever: nothing is built, applied or removed')
    .addOption(
      new Option(
        '--time-limit <duration>',
        'what is not seen by then is lost where the reference manages it, else in error; for each student',
      )
        .argParser(durationArgument)
        .default(600_000, '10m'),
    )
    .addOption(new Option('--lab-name <name>', 'how the lab is called that is built').hideHelp())
    .addHelpText('after', GRADE_HELP)
    .action((file: string | undefined, options: GradeBatchOptions) => {
      choose((context) => gradeEither(context, file, options), { logs: true });
    });

  program
    .command('schema')
    .description('print the JSON Schema (draft-07) of the topology file, or of the rubric')
    .addArgument(new Argument('[of]', 'of which file').choices(SCHEMAS).default('topology'))
    .addHelpText(
      'after',
      '\nExample:\n  vxmig schema > vxmig.schema.json\n  first line of a topology: # yaml-language-server: $schema=vxmig.schema.json',
    )
    .action((of: (typeof SCHEMAS)[number]) => {
      choose(async (context) => (await import('../commands/schema.js')).schemaCommand(context, of));
    });

  program
    .command('completion')
    .description('print the script that completes commands, options, files and names')
    .addArgument(new Argument('<shell>', 'for which shell').choices(SHELLS))
    .addHelpText(
      'after',
      '\nExample:\n  source <(vxmig completion bash)\n  vxmig completion fish > ~/.config/fish/completions/vxmig.fish',
    )
    .action((shell: (typeof SHELLS)[number]) => {
      choose(async (context) => (await import('../completion/completion.js')).completionCommand(context, shell));
    });

  program
    .command('__complete', { hidden: true })
    .description('what may stand next; the completion scripts ask it')
    .argument('[words...]', 'the words so far, the last of them begun')
    .action((words: string[]) => {
      choose(async (context) => (await import('../completion/completion.js')).completeCommand(context, words));
    });
}

/** @throws VxmigError USAGE where it is not clear who is graded */
async function gradeEither(
  context: CommandContext,
  file: string | undefined,
  options: GradeBatchOptions,
): Promise<number> {
  if (options.batch === undefined) {
    const ofBatch = (['jobs', 'results'] as const).find((name) => options[name] !== undefined);
    if (file !== undefined && ofBatch === undefined)
      return (await import('../commands/grade.js')).gradeCommand(context, file, options);
    const message = file === undefined ? 'neither a file nor --batch was given' : `--${ofBatch} is for --batch`;
    throw new VxmigError('USAGE', message, { where: 'vxmig grade', hint: GRADE_MEND });
  }
  if (options.for !== undefined)
    throw new VxmigError('USAGE', '--for student is for one', {
      where: 'vxmig grade',
      hint: 'A class is graded with the reference and the hidden checks.',
    });
  if (options.live === true)
    throw new VxmigError('USAGE', '--live is for one', {
      where: 'vxmig grade',
      hint: 'Each student of a batch has a lab of its own.',
    });
  if (file === undefined)
    return (await import('../commands/grade-batch.js')).gradeBatchCommand(context, options.batch, options);
  throw new VxmigError('USAGE', 'a file and --batch were given', { where: 'vxmig grade', hint: GRADE_MEND });
}
