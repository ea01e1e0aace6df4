import { type Command, Option } from 'commander';
import { VxmigError } from '../../model/errors.js';
import type { GradeFormat } from '../../report/grade-format.js';
import type { GradeBatchOptions } from '../commands/grade-batch.js';
import type { CommandContext } from '../context.js';
import { countArgument, durationArgument, minScoreArgument } from './arguments.js';
import type { Choose } from './choose.js';

const FORMATS: readonly GradeFormat[] = ['table', 'json', 'junit', 'csv', 'gradescope'];

const HELP = `
With --batch the submissions are graded by a process each; one that is broken, or whose grading fails, keeps no other
from being graded. --results DIR holds then for each student NAME.json, which is all, and NAME.txt without what is not
visible to students; with --format gradescope NAME/results.json.
Example:
  vxmig grade answer.yaml --rubric rubric.yaml
  vxmig grade mine.yaml --rubric rubric.yaml --for student
  vxmig grade answer.yaml --rubric rubric.yaml --format gradescope --output results.json
  vxmig grade --batch submissions/ --rubric rubric.yaml --format csv --output scores.csv --results reports/`;

const ONE_OR_BATCH = 'Give one file, or a directory of them with --batch.';

/** Reads files, and builds labs where the rubric's checks need hosts. */
export function registerGrade(program: Command, choose: Choose): void {
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
    .addOption(new Option('--format <format>', 'what to write').choices(FORMATS).default('table'))
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
    .addHelpText('after', HELP)
    .action((file: string | undefined, options: GradeBatchOptions) => {
      choose((context) => gradeEither(context, file, options), { logs: true });
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
    throw new VxmigError('USAGE', message, { where: 'vxmig grade', hint: ONE_OR_BATCH });
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
  throw new VxmigError('USAGE', 'a file and --batch were given', { where: 'vxmig grade', hint: ONE_OR_BATCH });
}
