import { type GraphFormat, renderGraph } from '../../report/graph.js';
import { readTopology } from '../../topology/read.js';
import type { CommandContext } from '../context.js';
import { requireWritable, writeOutput } from '../terminal/write-output.js';

export interface GraphCommandOptions {
  readonly format: GraphFormat;
  readonly output?: string;
}

export async function graphCommand(
  { output }: CommandContext,
  file: string,
  options: GraphCommandOptions,
): Promise<number> {
  const { topology } = await readTopology(file);
  const { format, output: target } = options;
  if (target !== undefined) await requireWritable(target, '--output');
  const content = renderGraph(topology, format);
  if (target === undefined) {
    output.result({ ok: true, format, content }, content);
  } else {
    await writeOutput(target, content, () => undefined);
    output.result({ ok: true, format, file: target }, `Wrote ${target}`);
  }
  return 0;
}
