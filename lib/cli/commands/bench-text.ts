import {
  type ApplyBench,
  type BenchPeer,
  type BenchResult,
  type FigureName,
  type Machine,
  type MigrateBench,
  type MigrateTool,
  type Verdict,
  YARDSTICKS,
} from '../../bench/result.js';
import { ratioOf, type Spread } from '../../bench/statistics.js';
import { formatBytes, formatCount } from '../../model/quantities.js';
import { paint, type Style } from '../../report/style.js';
import { columnsText, indented } from '../../report/table.js';

/** What people are told of, and how; counts have no ratios, for they may be 0. */
const ROWS: readonly (readonly [FigureName, string, 'time' | 'count'])[] = [
  ['pingsLost', 'pings lost', 'count'],
  ['duplicates', 'duplicated', 'count'],
  ['longestWaitMs', 'longest wait', 'time'],
  ['longestGapMs', 'longest gap', 'time'],
  ['backAfterResumeMs', 'all answered again after', 'time'],
  ['convergedAfterResumeMs', 'all tables moved after', 'time'],
  ['downtimeMs', 'downtime', 'time'],
  ['wallMs', 'wall time', 'time'],
];
export const TOOL_TITLES: Readonly<Record<MigrateTool, string>> = {
  vxmig: 'vxmig',
  'no-redirect': 'vxmig --no-redirect',
  ovn: 'OVN',
  virsh: 'plain virsh',
};
/** Above columns, where room is short. */
const COLUMN_TITLES: Readonly<Record<MigrateTool, string>> = {
  vxmig: 'VXMIG',
  'no-redirect': 'NO REDIRECT',
  ovn: 'OVN',
  virsh: 'PLAIN VIRSH',
};
const RIGHT = { align: 'right' } as const;

/** A bench for people: medians with ranges, and what falls short of its aim. */
export function benchText(result: BenchResult, style: Style): string {
  const { machine, migrate, apply, verdicts } = result;
  return [
    machineText(result.vxmig, machine),
    ...(migrate === null ? [] : [migrateText(migrate, style)]),
    ...(apply === null ? [] : [applyText(apply, style)]),
    aimsText(verdicts, style),
  ].join('\n\n');
}

/** What the figures depend on. */
export function machineText(vxmig: string, machine: Machine): string {
  return [
    `${machine.cpus} × ${machine.cpuModel}, ${formatBytes(machine.memoryBytes)}, Linux ${machine.kernel}, load ${machine.loadBefore.toFixed(1)} before the first run`,
    `vxmig ${vxmig}, Node ${machine.node}, libvirt ${machine.libvirt}, QEMU ${machine.qemu}, Open vSwitch ${machine.ovs}, OVN ${machine.ovn || 'not installed'}`,
  ].join('\n');
}

export function aimsText(verdicts: readonly Verdict[], style: Style): string {
  const lines = verdicts.map((verdict) => verdictText(verdict, style));
  return `${paint(style, 'heading', 'Aims')}\n${indented(lines.join('\n'))}`;
}

function migrateText(bench: MigrateBench, style: Style): string {
  const { figures } = bench;
  const ran = bench.contenders.filter((tool) => figures[tool].wallMs !== null);
  const count = bench.runs.filter((run) => run.tool === 'vxmig').length;
  const rows = ROWS.map(([name, title, kind]) => [
    title,
    ...ran.map((tool) => spreadText(figures[tool][name], kind, style)),
  ]);
  const columns = (titles: readonly string[]) => [{ title: '' }, ...titles.map((title) => ({ title, ...RIGHT }))];
  const pairs = ran.flatMap((tool) => YARDSTICKS.flatMap((to) => (bench.ratios[tool]?.[to] ? [{ tool, to }] : [])));
  const ratios = ROWS.filter(([, , kind]) => kind === 'time').map(([name, title]) => [
    title,
    ...pairs.map(({ tool, to }) => timesText(bench.ratios[tool]?.[to]?.[name] ?? null)),
  ]);
  const titles = ran.map((tool) => COLUMN_TITLES[tool]);
  const ratioTitles = pairs.map(({ tool, to }) => `${COLUMN_TITLES[tool]}/${to.toUpperCase()}`);
  return [
    paint(
      style,
      'heading',
      `Migrating ${bench.vm} (${formatBytes(bench.memoryBytes)}), ${formatCount(count, 'time')} by each`,
    ),
    indented(
      `${formatCount(bench.runs[0]?.probes.length ?? 0, 'stream')} of pings, from ${bench.probes.join(', ')}; lost and duplicated of all together, times of the worst`,
    ),
    indented('median (range)\n'),
    indented(columnsText(columns(titles), rows, style)),
    '',
    ...(pairs.length === 0 ? [] : [indented(columnsText(columns(ratioTitles), ratios, style)), '']),
    indented(comparisons(bench).join('\n')),
    ...troubles(bench, style).map((line) => indented(line)),
    '',
    indented(explanations(bench, ran).join('\n')),
  ].join('\n');
}

function comparisons({ worse }: MigrateBench): string[] {
  return Object.entries(worse).map(([peer, names]) => {
    const titles = ROWS.filter(([name]) => names.includes(name)).map(([, title]) => title);
    const than = `than ${TOOL_TITLES[peer as BenchPeer]}`;
    return titles.length === 0 ? `vxmig is nowhere worse ${than}.` : `vxmig is worse ${than} in: ${titles.join(', ')}.`;
  });
}

function troubles({ missing, failures }: MigrateBench, style: Style): string[] {
  return [
    ...missing.map(({ tool, why, hint }) => paint(style, 'bad', `${TOOL_TITLES[tool]} is missing: ${why}. ${hint}`)),
    ...failures.map(({ tool, round, message }) =>
      paint(style, 'bad', `${TOOL_TITLES[tool]} failed in round ${round}, which counts nowhere: ${message}`),
    ),
  ];
}

/** What the figures mean, and what was typed. */
function explanations({ virshCommand, ovnCommands }: MigrateBench, ran: readonly MigrateTool[]): string[] {
  return [
    'A ping that is lost waits for nothing: it is in the longest gap, and not in the longest wait.',
    'Wall time, vxmig: the whole command as typed, with the start of the program and its connections.',
    ...(ran.includes('virsh')
      ? [
          `Wall time, plain virsh: on the source, over a connection that is there, taps and ports made beforehand:\n  ${virshCommand}`,
        ]
      : []),
    ...(ran.includes('ovn')
      ? [
          `Wall time, OVN: these calls, over connections that are there, taps and ports made beforehand; before the migration it is verified that both chassis have the port and its flows, which does not count:\n  ${ovnCommands.join('\n  ')}`,
        ]
      : []),
  ];
}

function applyText({ figures, hosts, runs }: ApplyBench, style: Style): string {
  const row = (title: string, spread: Spread | null) => [
    title,
    spreadText(spread, 'time', style),
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

function verdictText({ what, seen, wanted, met }: Verdict, style: Style): string {
  const mark = met ? paint(style, 'good', 'met   ') : paint(style, 'bad', 'missed');
  return `${mark}  ${what}: ${seen} (aim: ${wanted})`;
}

/** `164 ms (128–196)`: the unit is told once. */
export function spreadText(spread: Spread | null, kind: 'time' | 'count', style: Style): string {
  if (spread === null) return '-';
  const { median, min, max } = spread;
  const seconds = kind === 'time' && median >= 1000;
  const digits = (value: number) => {
    if (kind === 'count') return String(value);
    return seconds ? (value / 1000).toFixed(2) : String(Number(value.toFixed(max < 10 ? 1 : 0)));
  };
  const unit = kind === 'count' ? '' : seconds ? ' s' : ' ms';
  return `${digits(median)}${unit} (${digits(min)}${style.unicode ? '–' : '-'}${digits(max)})`;
}

export function timesText(ratio: number | null): string {
  return ratio === null ? '-' : `${ratio.toFixed(2)}×`;
}
