import { type BenchPartName, bench } from '../bench/bench.js';
import { benchText } from './bench-text.js';
import type { CommandContext } from './context.js';

const DEFAULT_RUNS = 10;

export interface BenchCommandOptions {
  readonly runs?: number;
  readonly file?: string;
  readonly only?: BenchPartName;
}

/** Measures; an aim that is missed is told, and is no failure of the command. */
export async function benchCommand(context: CommandContext, options: BenchCommandOptions): Promise<number> {
  const { emit, emitLab, signal, output } = context;
  const { runs = DEFAULT_RUNS, file, only } = options;
  const result = await bench({
    runs,
    ...(file === undefined ? {} : { file }),
    ...(only === undefined ? {} : { only }),
    emit,
    emitLab,
    signal,
  });
  output.result(result, benchText(result, output.style));
  return 0;
}
