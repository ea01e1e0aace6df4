import { Controller } from '../controller/controller.js';
import { VxmigError } from '../model/errors.js';
import type { Emit } from '../model/event.js';
import type { MigrationResult } from '../model/migration-result.js';
import type { Topology } from '../model/topology.js';
import { withVmsAt } from '../plan/plan.js';
import { migrateFigures } from './figures.js';
import { pingTotals, plainMigrate, virshArgv } from './plain-virsh.js';
import { timedRun, vxmigArgv } from './program.js';
import type { MigrateBench, MigrateRun, MigrateTool } from './result.js';
import { chooseMove } from './topology.js';

export interface BenchPart {
  /** As its hosts can be reached. */
  readonly topology: Topology;
  readonly file: string;
  readonly runs: number;
  /** Where vxmig may keep its runs; nobody's history gets a bench's. */
  readonly stateDirectory: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * The VM goes there and back, moved by the two tools in turn, so that both meet the same machine in the same state. Who of the two moves
 * it there, and who back, changes with every pair.
 */
export async function benchMigrate(part: BenchPart): Promise<MigrateBench> {
  const { topology, emit } = part;
  const move = chooseMove(topology);
  const vm = move.vm.name;
  await timedRun(vxmigArgv('--quiet', 'apply', part.file), { signal: part.signal });
  const controller = await Controller.connect(topology, emit);
  try {
    await controller.plan();
    const runs: MigrateRun[] = [];
    let from = move.vm.host;
    for (const tool of turns(part.runs)) {
      part.signal.throwIfAborted();
      const to = from === move.to ? move.vm.host : move.to;
      const current = withVmsAt(topology, [[vm, from]]);
      const run =
        tool === 'virsh'
          ? await plainMigrate(controller, { current, vm, from, to, signal: part.signal })
          : await vxmigMigrate(part, { vm, to });
      runs.push(run);
      emit({
        kind: 'note',
        text: `${runs.length}/${2 * part.runs} ${tool}: ${from} to ${to} in ${Math.round(run.wallMs)} ms, ${run.pingsLost} pings lost`,
      });
      from = to;
    }
    return {
      vm,
      memoryBytes: move.vm.memoryBytes,
      probes: topology.probes
        .filter((probe) => probe.to === vm && probe.from.kind === 'host')
        .map((probe) => `${probe.from.name} every ${probe.intervalMs} ms`),
      virshCommand: virshArgv(controller, { vm, to: move.to }).join(' '),
      figures: { vxmig: migrateFigures(runs, 'vxmig'), virsh: migrateFigures(runs, 'virsh') },
      runs,
    };
  } finally {
    controller.close();
  }
}

/** vxmig virsh, virsh vxmig, vxmig virsh…: either goes as often there as back. */
export function turns(pairs: number): MigrateTool[] {
  return Array.from({ length: pairs }, (_, pair): MigrateTool[] =>
    pair % 2 === 0 ? ['vxmig', 'virsh'] : ['virsh', 'vxmig'],
  ).flat();
}

async function vxmigMigrate(part: BenchPart, { vm, to }: { vm: string; to: string }): Promise<MigrateRun> {
  const argv = vxmigArgv('--json', '--quiet', 'migrate', part.file, vm, '--to', to);
  const { wallMs, stdout } = await timedRun(argv, {
    signal: part.signal,
    env: { XDG_STATE_HOME: part.stateDirectory },
  });
  const result = JSON.parse(stdout) as MigrationResult;
  if (!result.ok)
    throw new VxmigError('MIGRATION_FAILED', result.error?.message ?? 'the migration failed', { where: vm });
  const watchers = new Set(part.topology.hosts.map((host) => host.name));
  return {
    tool: 'vxmig',
    from: result.from,
    to: result.to,
    wallMs,
    downtimeMs: result.transfer?.downtimeMs ?? null,
    ...pingTotals(result.ping.filter((ping) => watchers.has(ping.from))),
    stages: result.stages,
  };
}
