import { allFigures, ratiosOf, worseThanPeers } from '../../../lib/bench/figures.js';
import type { MigrateBench, MigrateRun, MigrateTool } from '../../../lib/model/bench-result.js';

/** A run with nothing to remark but what is given. */
export function runOf(tool: MigrateTool, given: Partial<MigrateRun> = {}): MigrateRun {
  return {
    tool,
    from: 'host-a',
    to: 'host-b',
    wallMs: 2000,
    downtimeMs: 100,
    pingsSent: 500,
    pingsLost: 0,
    duplicates: 0,
    longestGapMs: 150,
    longestWaitMs: 120,
    backAfterResumeMs: 20,
    convergedAfterResumeMs: null,
    probes: [],
    stages: [],
    ...given,
  };
}

export function benchOf(runs: readonly MigrateRun[], given: Partial<MigrateBench> = {}): MigrateBench {
  const contenders = given.contenders ?? (['vxmig', 'no-redirect', 'ovn', 'virsh'] as const);
  const figures = allFigures(runs);
  return {
    vm: 'web',
    memoryBytes: 2 ** 27,
    probes: ['host-a every 10 ms', 'host-c every 10 ms'],
    virshCommand: 'virsh migrate --live',
    ovnCommands: ['ovn-nbctl lsp-set-options', 'virsh migrate --live', 'ovn-nbctl lsp-set-options'],
    contenders,
    missing: [],
    failures: [],
    figures,
    ratios: ratiosOf({ figures, contenders }),
    worse: worseThanPeers({ figures, contenders }),
    curves: {},
    runs,
    ...given,
  };
}
