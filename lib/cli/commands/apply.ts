import { apply } from '../../controller/apply.js';
import { Controller } from '../../controller/controller.js';
import type { LockOptions } from '../../controller/host-locks.js';
import type { MigratedVm } from '../../controller/migrate-vm.js';
import { changesText } from '../../report/changes-text.js';
import type { Style } from '../../report/style.js';
import type { CommandContext } from '../context.js';
import { failureOf } from './migration-failure.js';
import { reachableTopology } from './topology-file.js';

export interface ApplyFlags {
  readonly lock: LockOptions;
  /** How many VMs may leave a host, and come to one, at a time; left out: as it is by itself. */
  readonly parallel?: number;
}

export async function applyCommand(
  context: CommandContext,
  file: string,
  { lock, parallel }: ApplyFlags,
): Promise<number> {
  const controller = await Controller.connect(await reachableTopology(file), context.emit);
  try {
    const { emit, bus } = context;
    const { ok, changes, runs } = await controller.locked(
      { ...lock, work: 'apply', emit, signal: context.signal },
      (signal) => apply(controller, { emit, bus, signal, ...(parallel === undefined ? {} : { parallel }) }),
    );
    const { style } = context.output;
    const runTexts = runs.length === 0 ? [] : await textsOf(runs, style);
    const text = [
      changes.length === 0 ? 'Nothing to do: the hosts hold what the topology says.' : changesText(changes, style),
      ...runTexts,
    ];
    context.output.result({ ok, changes, migrations: runs.map((run) => run.record.result) }, text.join('\n\n'));
    const failed = runs.find((run) => !run.record.result.ok);
    if (failed !== undefined) throw failureOf(failed.record.result);
    return 0;
  } finally {
    controller.close();
  }
}

async function textsOf(runs: readonly MigratedVm[], style: Style): Promise<string[]> {
  const { keptText, runText } = await import('./run-text.js');
  return runs.flatMap((run) => [runText(run.record, style), keptText(run)]);
}
