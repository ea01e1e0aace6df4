import { AIMS, worseThanVirsh } from '../bench/figures.js';
import type { ApplyBench, BenchResult, MigrateBench, MigrateFigures, Verdict } from '../bench/result.js';
import { ratioOf, type Spread } from '../bench/statistics.js';
import { formatBytes, formatCount, formatMs } from '../model/quantities.js';
import { paint, type Style } from '../report/style.js';
import { columnsText, indented } from '../report/table.js';

const FIGURES: readonly (readonly [keyof MigrateFigures, string, (value: number) => string])[] = [
  ['wallMs', 'wall time', formatMs],
  ['downtimeMs', 'downtime (QEMU)', formatMs],
  ['pingsLost', 'pings lost', (value) => String(value)],
  ['longestGapMs', 'longest gap', formatMs],
];
const RIGHT = { align: 'right' } as const;

/** A bench for people: medians with ranges, and what falls short of its aim. */
export function benchText(result: BenchResult, style: Style): string {
  const { machine, migrate, apply, verdicts } = result;
  const about = [
    `${machine.cpus} × ${machine.cpuModel}, ${formatBytes(machine.memoryBytes)}, Linux ${machine.kernel}, load ${machine.loadBefore.toFixed(1)} before the first run`,
    `vxmig ${result.vxmig}, Node ${machine.node}, libvirt ${machine.libvirt}, QEMU ${machine.qemu}, Open vSwitch ${machine.ovs}`,
  ];
  return [
    about.join('\n'),
    ...(migrate === null ? [] : [migrateText(migrate, style)]),
    ...(apply === null ? [] : [applyText(apply, style)]),
    `${paint(style, 'heading', 'Aims')}\n${indented(verdicts.map((verdict) => verdictText(verdict, style)).join('\n'))}`,
  ].join('\n\n');
}

function migrateText(bench: MigrateBench, style: Style): string {
  const { vxmig, virsh } = bench.figures;
  const rows = FIGURES.map(([name, title, format]) => [
    title,
    spreadText(vxmig[name], format),
    spreadText(virsh[name], format),
    // A ratio of counts that may be 0 tells nothing.
    name === 'pingsLost' ? '-' : timesText(ratioOf(vxmig[name], virsh[name])),
  ]);
  const worse = worseThanVirsh(bench);
  const names = FIGURES.filter(([name]) => worse.includes(name)).map(([, title]) => title);
  const count = bench.runs.filter((run) => run.tool === 'vxmig').length;
  return [
    paint(
      style,
      'heading',
      `Migrating ${bench.vm} (${formatBytes(bench.memoryBytes)}), ${formatCount(count, 'time')} by each`,
    ),
    indented(`pinged from ${bench.probes.join(', ')}; median (range)\n`),
    indented(
      columnsText(
        [{ title: '' }, { title: 'VXMIG', ...RIGHT }, { title: 'PLAIN VIRSH', ...RIGHT }, { title: 'RATIO', ...RIGHT }],
        rows,
        style,
      ),
    ),
    '',
    indented(
      names.length === 0
        ? 'vxmig is nowhere worse than plain virsh.'
        : `vxmig is worse than plain virsh in: ${names.join(', ')}.`,
    ),
    indented(
      `vxmig: the whole command as typed. Plain virsh: on the source, over a connection that is there, taps and ports made beforehand:\n  ${bench.virshCommand}`,
    ),
  ].join('\n');
}

function applyText({ figures, hosts, runs }: ApplyBench, style: Style): string {
  const row = (title: string, spread: Spread | null) => [
    title,
    spreadText(spread, formatMs),
    timesText(ratioOf(spread, figures.script)),
  ];
  const rows = [
    row('script: ssh and one ovs-vsctl per host', figures.script),
    row('vxmig apply, nothing there', figures.first),
    row('vxmig apply, everything there', figures.again),
  ];
  const count = runs.filter((run) => run.way === 'script').length;
  return [
    paint(style, 'heading', `Bridges and tunnels on ${formatCount(hosts, 'host')}, ${formatCount(count, 'time')} each`),
    indented(columnsText([{ title: '' }, { title: 'WALL TIME', ...RIGHT }, { title: 'RATIO', ...RIGHT }], rows, style)),
  ].join('\n');
}

function verdictText({ what, ratio, aim, met }: Verdict, style: Style): string {
  const mark = met ? paint(style, 'good', 'met   ') : paint(style, 'bad', 'missed');
  const limit = aim === AIMS.again ? 'no slower' : `${aim} times`;
  return `${mark}  ${what}: ${timesText(ratio)} (aim: ${limit})`;
}

function spreadText(spread: Spread | null, format: (value: number) => string): string {
  return spread === null ? '-' : `${format(spread.median)} (${format(spread.min)} to ${format(spread.max)})`;
}

function timesText(ratio: number | null): string {
  return ratio === null ? '-' : `${ratio.toFixed(2)}×`;
}
