import { formatProblem } from '../model/problem.js';
import { paint } from '../report/style.js';
import { readTopology } from '../topology/read.js';
import type { CommandContext } from './context.js';

/** @throws TopologyError with every mistake of the file */
export async function validateCommand({ output }: CommandContext, file: string): Promise<number> {
  const { topology, remarks } = await readTopology(file);
  const { style } = output;
  const text = [
    `${file}: ${paint(style, 'good', 'valid')}`,
    ...remarks.map((remark) => `${paint(style, 'warning', 'remark:')} ${formatProblem(remark)}`),
  ];
  output.result({ ok: true, file, name: topology.name, remarks }, text.join('\n'));
  return 0;
}
