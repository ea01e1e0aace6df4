import type {
  ApplyBench,
  ApplyRun,
  ApplyWay,
  MigrateBench,
  MigrateFigures,
  MigrateRun,
  MigrateTool,
  Verdict,
} from './result.js';
import { ratioOf, type Spread, spreadOf } from './statistics.js';

/** What vxmig may take at most, as a multiple of what its peer takes. */
export const AIMS = { migrate: 1.3, apply: 1.5, again: 1 } as const;

export function migrateFigures(runs: readonly MigrateRun[], tool: MigrateTool): MigrateFigures {
  const mine = runs.filter((run) => run.tool === tool);
  return {
    wallMs: spreadOf(mine.map((run) => run.wallMs)),
    downtimeMs: spreadOf(mine.flatMap((run) => run.downtimeMs ?? [])),
    pingsLost: spreadOf(mine.map((run) => run.pingsLost)),
    longestGapMs: spreadOf(mine.flatMap((run) => run.longestGapMs ?? [])),
  };
}

export function applyFigures(runs: readonly ApplyRun[]): Readonly<Record<ApplyWay, Spread | null>> {
  const wall = (way: ApplyWay) => spreadOf(runs.filter((run) => run.way === way).map((run) => run.wallMs));
  return { script: wall('script'), first: wall('first'), again: wall('again') };
}

export function verdictsOn(migrate: MigrateBench | null, apply: ApplyBench | null): Verdict[] {
  return [
    ...(migrate === null
      ? []
      : [
          verdict(
            'vxmig migrate, the whole command, to virsh migrate',
            ratioOf(migrate.figures.vxmig.wallMs, migrate.figures.virsh.wallMs),
            AIMS.migrate,
          ),
        ]),
    ...(apply === null
      ? []
      : [
          verdict('first vxmig apply to the script', ratioOf(apply.figures.first, apply.figures.script), AIMS.apply),
          verdict(
            'vxmig apply with nothing to do to the script',
            ratioOf(apply.figures.again, apply.figures.script),
            AIMS.again,
          ),
        ]),
  ];
}

function verdict(what: string, ratio: number | null, aim: number): Verdict {
  return { what, ratio, aim, met: ratio !== null && ratio <= aim };
}

/** In which figures vxmig does worse than plain virsh, by the medians. */
export function worseThanVirsh({ figures: { vxmig, virsh } }: Pick<MigrateBench, 'figures'>): (keyof MigrateFigures)[] {
  const names = ['wallMs', 'downtimeMs', 'pingsLost', 'longestGapMs'] as const;
  return names.filter((name) => (vxmig[name]?.median ?? 0) > (virsh[name]?.median ?? 0));
}
