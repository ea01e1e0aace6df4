import type { ScaleResult, ScaleSize, ScaleWay } from '../../bench/scale-result.js';
import { SCALE_WAYS } from '../../bench/scale-result.js';
import { formatBytes, formatCount, formatMs } from '../../model/quantities.js';
import { paint, type Style } from '../../report/style.js';
import { columnsText, indented } from '../../report/table.js';
import { aimsText, machineText, spreadText, timesText } from './bench-text.js';

const TITLES: Readonly<Record<ScaleWay, string>> = {
  script: 'script: ssh and one ovs-vsctl per host',
  plan: 'vxmig plan, nothing there',
  first: 'vxmig apply, nothing there',
  again: 'vxmig apply, everything there',
  'plan-again': 'vxmig plan, everything there',
  verify: 'vxmig verify',
};
const RIGHT = { align: 'right' } as const;
const COLUMNS = [
  { title: '' },
  { title: 'WALL TIME', ...RIGHT },
  { title: 'TO SCRIPT', ...RIGHT },
  { title: 'FOR EACH HOST', ...RIGHT },
  { title: 'MEMORY', ...RIGHT },
];

/** A table for each size and mesh, and what falls short of its aim. */
export function benchScaleText(result: ScaleResult, style: Style): string {
  const { machine, sizes, verdicts } = result;
  return [
    machineText(result.vxmig, machine),
    ...sizes.map((size) => sizeText(size, style)),
    'Wall time: the whole command, with the start of the program and its connections; median (range). Memory: the most that its process had.',
    aimsText(verdicts, style),
  ].join('\n\n');
}

function sizeText({ hosts, mesh, runs, labUpMs, loadBefore, figures }: ScaleSize, style: Style): string {
  const rows = SCALE_WAYS.map((way) => {
    const { wallMs, toScript, perHostMs, peakBytes } = figures[way];
    return [
      TITLES[way],
      spreadText(wallMs, 'time', style),
      timesText(toScript),
      perHostMs === null ? '-' : formatMs(perHostMs),
      peakBytes === null ? '-' : formatBytes(peakBytes.max),
    ];
  });
  const about = `lab up in ${formatMs(labUpMs)}, load ${loadBefore.toFixed(1)} before the first run`;
  return [
    paint(style, 'heading', `${formatCount(hosts, 'host')}, ${mesh} mesh, ${formatCount(runs, 'time')} each: ${about}`),
    indented(columnsText(COLUMNS, rows, style)),
  ].join('\n');
}
