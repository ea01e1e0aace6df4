import {
  type ApplyBench,
  type ApplyRun,
  type ApplyWay,
  type BenchPeer,
  FIGURES,
  type FigureName,
  MIGRATE_TOOLS,
  type MigrateBench,
  type MigrateFigures,
  type MigrateRun,
  type MigrateTool,
  type Ratios,
  type Verdict,
  YARDSTICKS,
  type Yardstick,
} from '../model/bench-result.js';
import { ratioOf, type Spread, spreadOf } from '../model/spread.js';

/** What vxmig may take at most, as a multiple of what its peer takes. */
const AIMS = { migrate: 1.2, wait: 1, apply: 1.5, again: 1 } as const;
/**
 * In how many of its runs vxmig must lose and duplicate nothing, and how many pings it may lose in one of the others.
 */
const LOSSLESS = { share: 19 / 20, worstLost: 1 } as const;

export function migrateFigures(runs: readonly MigrateRun[], tool: MigrateTool): MigrateFigures {
  const mine = runs.filter((run) => run.tool === tool);
  const spread = (name: FigureName) => spreadOf(mine.flatMap((run) => run[name] ?? []));
  return Object.fromEntries(FIGURES.map((name) => [name, spread(name)])) as MigrateFigures;
}

export function allFigures(runs: readonly MigrateRun[]): MigrateBench['figures'] {
  return Object.fromEntries(MIGRATE_TOOLS.map((tool) => [tool, migrateFigures(runs, tool)])) as MigrateBench['figures'];
}

export function applyFigures(runs: readonly ApplyRun[]): Readonly<Record<ApplyWay, Spread | null>> {
  const wall = (way: ApplyWay) => spreadOf(runs.filter((run) => run.way === way).map((run) => run.wallMs));
  return { script: wall('script'), first: wall('first'), again: wall('again') };
}

type Judged = Pick<MigrateBench, 'figures' | 'runs' | 'contenders'>;

export function verdictsOn(migrate: Judged | null, apply: ApplyBench | null): Verdict[] {
  return [...(migrate === null ? [] : migrateVerdicts(migrate)), ...(apply === null ? [] : applyVerdicts(apply))];
}

/** Where a peer was left out on purpose, there is no aim against it. */
function migrateVerdicts({ figures, runs, contenders }: Judged): Verdict[] {
  const { vxmig, virsh, ovn } = figures;
  return [
    losslessVerdict(runs.filter((run) => run.tool === 'vxmig')),
    ...(contenders.includes('ovn')
      ? [
          verdict(
            "vxmig's longest wait to OVN's longest gap, medians",
            ratioOf(vxmig.longestWaitMs, ovn.longestGapMs),
            AIMS.wait,
          ),
        ]
      : []),
    ...(contenders.includes('virsh')
      ? [
          verdict(
            'vxmig migrate, the whole command, to virsh migrate',
            ratioOf(vxmig.wallMs, virsh.wallMs),
            AIMS.migrate,
          ),
        ]
      : []),
  ];
}

function applyVerdicts({ figures }: ApplyBench): Verdict[] {
  return [
    verdict('first vxmig apply to the script', ratioOf(figures.first, figures.script), AIMS.apply),
    verdict('vxmig apply with nothing to do to the script', ratioOf(figures.again, figures.script), AIMS.again),
  ];
}

function verdict(what: string, ratio: number | null, aim: number): Verdict {
  return {
    what,
    ratio,
    aim,
    met: ratio !== null && ratio <= aim,
    seen: ratio === null ? 'not measured' : `${ratio.toFixed(2)}×`,
    wanted: aim === 1 ? 'no more' : `${aim} times`,
  };
}

function losslessVerdict(runs: readonly MigrateRun[]): Verdict {
  const lossless = runs.filter((run) => run.pingsLost === 0 && run.duplicates === 0).length;
  const worst = runs.reduce((most, run) => Math.max(most, run.pingsLost), 0);
  const ratio = runs.length === 0 ? null : lossless / runs.length;
  return {
    what: 'vxmig migrations in which nothing was lost or duplicated',
    ratio,
    aim: LOSSLESS.share,
    met: ratio !== null && ratio >= LOSSLESS.share && worst <= LOSSLESS.worstLost,
    seen: ratio === null ? 'not measured' : `${lossless} of ${runs.length}, at most ${worst} lost in one`,
    wanted: '19 of 20, at most 1 lost in one',
  };
}

/** How each that ran compares with the yardsticks that ran. */
export function ratiosOf({ figures, contenders }: Pick<Judged, 'figures' | 'contenders'>): MigrateBench['ratios'] {
  const ran = contenders.filter((tool) => figures[tool].wallMs !== null);
  const to = (tool: MigrateTool, yardstick: Yardstick) =>
    Object.fromEntries(
      FIGURES.map((name) => [name, ratioOf(figures[tool][name], figures[yardstick][name])]),
    ) as unknown as Ratios;
  return Object.fromEntries(
    ran.map((tool) => [
      tool,
      Object.fromEntries(
        YARDSTICKS.filter((yardstick) => yardstick !== tool && ran.includes(yardstick)).map((yardstick) => [
          yardstick,
          to(tool, yardstick),
        ]),
      ),
    ]),
  );
}

/**
 * In which figures vxmig does worse than each of its peers, by the medians. What one of them did not tell is not
 * compared.
 */
export function worseThanPeers({ figures, contenders }: Pick<Judged, 'figures' | 'contenders'>): MigrateBench['worse'] {
  const peers = contenders.filter((tool): tool is BenchPeer => tool !== 'vxmig');
  return Object.fromEntries(
    peers
      .filter((peer) => figures[peer].wallMs !== null)
      .map((peer) => [peer, FIGURES.filter((name) => isWorse(figures.vxmig[name], figures[peer][name]))]),
  );
}

function isWorse(mine: Spread | null, theirs: Spread | null): boolean {
  return mine !== null && theirs !== null && mine.median > theirs.median;
}
