import { scaleBench } from '../../bench/scale-bench.js';
import { benchScaleText } from '../../report/bench-scale-text.js';
import type { CommandContext } from '../context.js';

export interface BenchScaleOptions {
  readonly hosts: readonly number[];
  readonly mesh: readonly string[];
  readonly runs: number;
}

/** Measures; an aim that is missed is told, and is no failure of the command. */
export async function benchScaleCommand(context: CommandContext, options: BenchScaleOptions): Promise<number> {
  const { emit, signal, output } = context;
  const { hosts: sizes, mesh: meshes, runs } = options;
  const result = await scaleBench({ sizes, meshes, runs, emit, signal });
  output.result(result, benchScaleText(result, output.style));
  return 0;
}
