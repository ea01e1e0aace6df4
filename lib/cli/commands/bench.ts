import { type BenchPartName, bench } from '../../bench/bench.js';
import { BENCH_PEERS, type BenchPeer } from '../../model/bench-result.js';
import { VxmigError } from '../../model/errors.js';
import { benchPlot } from '../../report/bench-plot.js';
import { benchText } from '../../report/bench-text.js';
import type { CommandContext } from '../context.js';
import { requireWritable, writeOutput } from '../terminal/write-output.js';

const DEFAULT_RUNS = 10;

export interface BenchCommandOptions {
  readonly runs?: number;
  readonly file?: string;
  readonly only?: BenchPartName;
  /** Whom to migrate against; left out: all. */
  readonly against?: readonly BenchPeer[];
  /** Where the SVG goes. */
  readonly plot?: string;
}

/** Measures; an aim that is missed is told, and is no failure of the command. */
export async function benchCommand(context: CommandContext, options: BenchCommandOptions): Promise<number> {
  const { emit, signal, output } = context;
  const { runs = DEFAULT_RUNS, file, only, against = BENCH_PEERS, plot } = options;
  if (plot !== undefined) await refuseLostPlot(plot, only);
  const result = await bench({
    runs,
    against,
    ...(file === undefined ? {} : { file }),
    ...(only === undefined ? {} : { only }),
    emit,
    signal,
  });
  const text = [benchText(result, output.style)];
  if (plot !== undefined && result.migrate !== null) {
    await writeOutput(plot, benchPlot(result.migrate), () => output.result(result, text.join('\n\n')));
    text.push(`Wrote ${plot}`);
  }
  output.result(result, text.join('\n\n'));
  return 0;
}

/** A bench takes minutes: that its plot cannot be written is better said before. */
async function refuseLostPlot(plot: string, only: BenchPartName | undefined): Promise<void> {
  if (only === 'apply')
    throw new VxmigError('USAGE', '--plot shows migrations, and --only apply makes none', { where: plot });
  await requireWritable(plot, '--plot');
}
