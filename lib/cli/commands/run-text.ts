import type { MigratedVm } from '../../controller/migrate-vm.js';
import { pingTimeline, timelineLegend } from '../../measure/timeline.js';
import type { RunRecord } from '../../model/run-record.js';
import { marksOf } from '../../report/marks.js';
import { migrationText } from '../../report/migration-text.js';
import type { Style } from '../../report/style.js';

/** How much of the run around the switch a timeline shows. In milliseconds. */
const AROUND_SWITCH_MS = 1_000;

/** Where the run is kept, for `vxmig report`. @param how what to add where it is kept */
export function keptText({ kept }: Pick<MigratedVm, 'kept'>, how = ''): string {
  return 'file' in kept ? `Kept as ${kept.file}${how}` : `The run could not be kept for \`vxmig report\`: ${kept.lost}`;
}

/** A run for people, with a line per probe that shows where replies were late or lost. */
export function runText(run: RunRecord, style: Style): string {
  const marks = marksOf(run.result, run.clocks);
  const paused = marks.find((mark) => mark.kind === 'paused')?.atMs;
  const resumed = marks.find((mark) => mark.kind === 'resumed')?.atMs;
  return migrationText(run.result, {
    style,
    legend: timelineLegend(style.unicode),
    timeline: (probe, columns) => {
      const series = run.probes.find(
        (entry) => entry.from === probe.from && entry.address === probe.address && entry.network === probe.network,
      );
      const first = series?.requests.at(0)?.sentAtMs;
      const last = series?.requests.at(-1)?.sentAtMs;
      if (series === undefined || first === undefined || last === undefined) return '';
      const fromMs = paused === undefined ? first : Math.max(first, paused - AROUND_SWITCH_MS);
      const toMs = resumed === undefined ? last : Math.min(last, resumed + AROUND_SWITCH_MS);
      return pingTimeline(series.requests, {
        fromMs,
        toMs,
        columns,
        unicode: style.unicode,
        marks: marks.filter((mark) => mark.kind !== 'converged'),
      });
    },
  });
}
