import { Controller } from '../../controller/controller.js';
import type { LockOptions } from '../../controller/host-locks.js';
import { type MigrateOverrides, unheardSetting } from '../../controller/migrate-options.js';
import { Movers } from '../../controller/migrate-vm.js';
import { runsOn } from '../../controller/places.js';
import type { CopyStorage } from '../../model/disk-copy.js';
import { VxmigError } from '../../model/errors.js';
import type { Bound, PostCopyAfter } from '../../model/strategy-settings.js';
import type { StrategyName } from '../../model/topology.js';
import { withVmsAt } from '../../plan/plan.js';
import { DEFAULT_STRATEGY } from '../../strategies/registry.js';
import type { CommandContext } from '../context.js';
import { prepareHostEdit } from './host-edit.js';
import { failureOf } from './migration-failure.js';
import { keptText, runText } from './run-text.js';
import { readReachable } from './topology-file.js';

export interface MigrateCommandOptions {
  readonly to: string;
  readonly strategy?: StrategyName;
  readonly bandwidthBytesPerSecond?: number;
  readonly timeoutMs?: number;
  readonly copyStorage?: CopyStorage;
  readonly bound?: Partial<Bound>;
  readonly postCopyAfter?: Partial<PostCopyAfter>;
  readonly redirect: boolean;
  readonly write: boolean;
  readonly lock: LockOptions;
}

export async function migrateCommand(
  context: CommandContext,
  file: string,
  vm: string,
  options: MigrateCommandOptions,
): Promise<number> {
  const { topology, source } = await readReachable(file);
  if (!topology.vms.some((candidate) => candidate.name === vm)) throw unknown('VM', vm, topology.vms);
  if (!topology.hosts.some((candidate) => candidate.name === options.to))
    throw unknown('host', options.to, topology.hosts);
  const moved = topology.vms.find((candidate) => candidate.name === vm);
  const unheard = unheardSetting(options.strategy ?? moved?.migration.strategy ?? DEFAULT_STRATEGY, options);
  if (unheard !== null) throw unheard;
  const said = moved?.host ?? '';
  const edit =
    options.write && said !== options.to ? await prepareHostEdit(file, source, { vm, host: options.to }) : null;
  // The destination is what is wanted: everything else is planned as if the file said so.
  const controller = await Controller.connect(withVmsAt(topology, [[vm, options.to]]), context.emit);
  try {
    const { emit, bus } = context;
    const run = await controller.locked(
      { ...options.lock, work: `migrate ${vm} of`, emit, signal: context.signal },
      async (signal) => {
        const plan = await controller.plan();
        const migration = plan.migrations.find((candidate) => candidate.vm === vm);
        if (migration === undefined) throw notToMigrate(controller, vm, options.to);
        const movers = new Movers(controller, plan.current);
        return await movers.migrate({ ...migration, bus, signal, overrides: overridesOf(options) });
      },
    );
    const { result } = run.record;
    const text = [runText(run.record, context.output.style), keptText(run, ' (vxmig report latest)')];
    // Where the VM is counts more than the file: the result is told first, whatever becomes of the file.
    let unwritten: unknown = null;
    if (result.outcome === 'migrated' && edit !== null)
      await edit.write().then(
        () => text.push(`${file} now says that ${vm} is on ${options.to}.`),
        (error: unknown) => {
          unwritten = error;
        },
      );
    else if (result.outcome === 'migrated' && said !== options.to)
      text.push(
        `${file} still says that ${vm} is on ${said}: the next apply would move it back. Add --write to ` +
          'change the file.',
      );
    context.output.result(result, text.join('\n\n'));
    if (!result.ok) throw failureOf(result);
    if (unwritten !== null) throw unwritten;
    return 0;
  } finally {
    controller.close();
  }
}

function overridesOf({
  redirect,
  strategy,
  bandwidthBytesPerSecond,
  timeoutMs,
  copyStorage,
  bound,
  postCopyAfter,
}: MigrateCommandOptions): MigrateOverrides {
  return {
    redirect,
    ...(strategy === undefined ? {} : { strategy }),
    ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidthBytesPerSecond }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(copyStorage === undefined ? {} : { copyStorage }),
    ...(bound === undefined ? {} : { bound }),
    ...(postCopyAfter === undefined ? {} : { postCopyAfter }),
  };
}

function notToMigrate(controller: Controller, name: string, to: string): VxmigError {
  return runsOn(controller, name, to)
    ? new VxmigError('USAGE', `${name} runs on ${to} already`, {
        where: name,
        hint: 'Name another host: `vxmig status FILE` lists them.',
      })
    : new VxmigError('HOST_UNFIT', `${name} does not run on any host`, {
        where: name,
        hint: '`vxmig apply FILE` starts it.',
      });
}

function unknown(kind: string, name: string, known: readonly { readonly name: string }[]): VxmigError {
  const list = known.map((candidate) => candidate.name).join(', ') || 'none';
  return new VxmigError('NOT_FOUND', `the topology has no ${kind} ${name}; it has: ${list}`, { where: name });
}
