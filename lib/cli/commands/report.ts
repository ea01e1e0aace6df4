import { runPage } from '../../report/html.js';
import { findRun, listRuns, readRun, runsDirectory } from '../../report/run-file.js';
import type { CommandContext } from '../context.js';
import { requireWritable, writeOutput } from '../terminal/write-output.js';

export interface ReportCommandOptions {
  readonly output?: string;
}

/** @param run what the user typed; null: list what there is */
export async function reportCommand(
  context: CommandContext,
  run: string | null,
  options: ReportCommandOptions,
): Promise<number> {
  if (run === null) return await listCommand(context);
  if (options.output !== undefined) await requireWritable(options.output, '--output');
  const file = await findRun(run);
  const record = await readRun(file);
  const page = runPage(record);
  if (options.output === undefined) {
    context.output.result({ ok: true, file, run: record, page }, page);
  } else {
    await writeOutput(options.output, page, () => undefined);
    context.output.result({ ok: true, file, run: record, output: options.output }, `Wrote ${options.output}`);
  }
  return 0;
}

async function listCommand({ output }: CommandContext): Promise<number> {
  const runs = await listRuns();
  const none = `No run is kept in ${runsDirectory()} yet: \`vxmig migrate FILE VM --to HOST\` makes one.`;
  output.result({ ok: true, runs }, runs.length === 0 ? none : runs.map(({ name }) => name).join('\n'));
  return 0;
}
