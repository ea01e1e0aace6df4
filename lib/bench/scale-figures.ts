import type { Verdict } from '../model/bench-result.js';
import { formatBytes } from '../model/quantities.js';
import { SCALE_WAYS, type ScaleFigures, type ScaleRun, type ScaleSize, type ScaleWay } from '../model/scale-result.js';
import { ratioOf, spreadOf } from '../model/spread.js';

/**
 * What vxmig may take at most: as a multiple of the script, of its own first apply, and of what a host costs in the
 * smallest lab.
 */
const AIMS = { script: 1.3, again: 0.5, perHost: 1.3 } as const;
const MEMORY_AIM_BYTES = 200 * 2 ** 20;

export function scaleFigures(
  runs: readonly ScaleRun[],
  { hosts, mesh }: Pick<ScaleSize, 'hosts' | 'mesh'>,
): Readonly<Record<ScaleWay, ScaleFigures>> {
  const of = (way: ScaleWay) => runs.filter((run) => run.mesh === mesh && run.way === way);
  const wall = (way: ScaleWay) => spreadOf(of(way).map(({ wallMs }) => wallMs));
  const figures = SCALE_WAYS.map((way): [ScaleWay, ScaleFigures] => {
    const wallMs = wall(way);
    return [
      way,
      {
        wallMs,
        perHostMs: wallMs === null ? null : Math.round((wallMs.median / hosts) * 10) / 10,
        toScript: ratioOf(wallMs, wall('script')),
        peakBytes: spreadOf(of(way).flatMap(({ peakBytes }) => peakBytes ?? [])),
      },
    ];
  });
  return Object.fromEntries(figures) as Record<ScaleWay, ScaleFigures>;
}

/** @param sizes of one run, the smallest lab first */
export function scaleVerdicts(sizes: readonly ScaleSize[]): Verdict[] {
  const each = sizes.flatMap((size) => {
    const { first, again } = size.figures;
    const where = placeText(size);
    return [
      times(`first apply to the script, ${where}`, first.toScript, AIMS.script),
      times(`apply with nothing to do to the first, ${where}`, ratioOf(again.wallMs, first.wallMs), AIMS.again),
    ];
  });
  const meshes = [...new Set(sizes.map(({ mesh }) => mesh))];
  return [...each, ...meshes.flatMap((mesh) => costVerdicts(sizes.filter((size) => size.mesh === mesh)))];
}

function costVerdicts(sizes: readonly ScaleSize[]): Verdict[] {
  const [smallest, largest] = [sizes[0], sizes.at(-1)];
  if (smallest === undefined || largest === undefined) return [];
  const memory = memoryVerdict(largest);
  if (smallest === largest) return [memory];
  const [before, after] = [smallest.figures.first.perHostMs, largest.figures.first.perHostMs];
  const ratio = before === null || after === null || before === 0 ? null : after / before;
  return [memory, times(`first apply for each host, ${placeText(largest)} to ${smallest.hosts}`, ratio, AIMS.perHost)];
}

function memoryVerdict(size: ScaleSize): Verdict {
  const peaks = Object.values(size.figures).flatMap(({ peakBytes }) => peakBytes?.max ?? []);
  const worst = peaks.length === 0 ? null : Math.max(...peaks);
  const ratio = worst === null ? null : worst / MEMORY_AIM_BYTES;
  return {
    what: `memory of the controller at most, ${placeText(size)}`,
    ratio,
    aim: 1,
    met: ratio !== null && ratio <= 1,
    seen: worst === null ? 'not measured' : formatBytes(worst),
    wanted: formatBytes(MEMORY_AIM_BYTES),
  };
}

function times(what: string, ratio: number | null, aim: number): Verdict {
  const seen = ratio === null ? 'not measured' : `${ratio.toFixed(2)}×`;
  return { what, ratio, aim, met: ratio !== null && ratio <= aim, seen, wanted: `${aim} times` };
}

function placeText({ hosts, mesh }: Pick<ScaleSize, 'hosts' | 'mesh'>): string {
  return `${hosts} hosts, ${mesh} mesh`;
}
