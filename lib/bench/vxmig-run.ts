import { VxmigError } from '../model/errors.js';
import type { MigrationResult } from '../model/migration-result.js';
import type { Topology } from '../model/topology.js';
import { listRuns, readRun, runsDirectory } from '../report/run-file.js';
import type { MeasuredRun } from './measured-run.js';
import { timedRun, vxmigArgv } from './program.js';
import { seenBy } from './watch.js';

export interface VxmigMove {
  readonly topology: Topology;
  readonly file: string;
  readonly vm: string;
  readonly to: string;
  readonly redirect: boolean;
  /** Where vxmig keeps its runs. */
  readonly stateDirectory: string;
  readonly signal: AbortSignal;
}

/**
 * One `vxmig migrate`, as a process of its own. What is known of it is what it measured itself, and kept.
 * @throws CommandError, VxmigError MIGRATION_FAILED
 */
export async function vxmigMigrate(move: VxmigMove): Promise<MeasuredRun> {
  const { file, vm, to, redirect, stateDirectory, signal } = move;
  const env = { XDG_STATE_HOME: stateDirectory };
  const options = ['--to', to, ...(redirect ? [] : ['--no-redirect'])];
  const argv = vxmigArgv('--json', '--quiet', 'migrate', file, vm, ...options);
  const { wallMs, stdout } = await timedRun(argv, { signal, env });
  const result = JSON.parse(stdout) as MigrationResult;
  if (!result.ok)
    throw new VxmigError('MIGRATION_FAILED', result.error?.message ?? 'the migration failed', { where: vm });
  const watchers = new Set(move.topology.hosts.map((host) => host.name));
  const [latest] = await listRuns(runsDirectory(env));
  if (latest === undefined) throw new Error(`vxmig migrate kept no run in ${stateDirectory}`);
  const { probes } = await readRun(latest.file);
  const resumedAt = result.switchover?.resumedAt ?? null;
  const record = {
    series: probes.filter((series) => watchers.has(series.from)),
    resumedAtMs: resumedAt === null ? null : Date.parse(resumedAt),
  };
  const pings = result.ping.filter((ping) => watchers.has(ping.from));
  return {
    run: {
      tool: redirect ? 'vxmig' : 'no-redirect',
      from: result.from,
      to: result.to,
      wallMs,
      downtimeMs: result.transfer?.downtimeMs ?? null,
      ...seenBy(pings, record),
      convergedAfterResumeMs: result.convergence.afterResumeMs,
      stages: result.stages,
    },
    record,
  };
}
