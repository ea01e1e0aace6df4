import type { EventBus } from '../events/event-bus.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { ScheduledMove } from '../placement/schedule.js';
import type { Plan } from '../plan/plan.js';
import type { Controller } from './controller.js';
import type { MigratedVm, MigrateOverrides } from './migrate-vm.js';

export interface MoveOptions {
  /** Each migration is a run of its own there. */
  readonly bus: EventBus;
  readonly signal: AbortSignal;
  readonly overrides: MigrateOverrides;
}

/**
 * The planned migrations in their order, as many at the same time as that says. When one of them does not go well none
 * is begun any more; those under way come to their end.
 *
 * @returns the runs in the plan's order; fewer than planned where one did not go well
 * @throws VxmigError INTERRUPTED, or what the signal was aborted with, where not all were begun
 */
export async function moveVms(
  controller: Controller,
  { current }: Pick<Plan, 'current'>,
  moves: readonly ScheduledMove[],
  { bus, signal, overrides }: MoveOptions,
): Promise<MigratedVm[]> {
  if (moves.length === 0) return [];
  // Loaded only here: most applies move nothing, and their start is what is waited for.
  const { Movers } = await import('./migrate-vm.js');
  const movers = new Movers(controller, current);
  const runs = new Map<string, MigratedVm>();
  const others = (vm: string) => moves.map((move) => move.vm).filter((name) => name !== vm);
  const isStopped = () => signal.aborted || [...runs.values()].some(({ record }) => !record.result.ok);
  const ends = new Map<string, Promise<void>>();
  for (const { vm, from, to, after } of moves) {
    const begin = async () => {
      await Promise.all(after.map((name) => ends.get(name)));
      if (isStopped()) return;
      runs.set(vm, await movers.migrate({ vm, from, to, bus, signal, overrides }, others(vm)));
    };
    ends.set(vm, begin());
  }
  // A failure that is no migration's own is told when all have ended: nothing goes on behind our back.
  const settled = await Promise.allSettled(ends.values());
  const failed = settled.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  if (signal.aborted && runs.size < moves.length && [...runs.values()].every(({ record }) => record.result.ok))
    throw halfMoved(moves, runs, signal.reason);
  return moves.flatMap(({ vm }) => runs.get(vm) ?? []);
}

/** Between two migrations: those that have been made stay. */
function halfMoved(
  moves: readonly ScheduledMove[],
  runs: ReadonlyMap<string, MigratedVm>,
  reason: unknown,
): VxmigError {
  const places = moves.map(({ vm, from, to }) => (runs.has(vm) ? `${vm} is on ${to}` : `${vm} is still on ${from}`));
  const code = reason instanceof VxmigError ? reason.code : 'INTERRUPTED';
  return new VxmigError(code, `${messageOf(reason)}: ${places.join(', ')}`, {
    hint: '`vxmig apply FILE` goes on from there.',
    cause: reason,
  });
}
