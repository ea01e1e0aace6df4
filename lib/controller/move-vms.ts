import { messageOf, VxmigError } from '../model/errors.js';
import type { ScheduledMove } from '../placement/schedule.js';
import type { MigratedVm } from './migrate-vm.js';

/** Makes one of the migrations; `others` move, too, or will. */
export type MigrateOne = (move: ScheduledMove, others: readonly string[]) => Promise<MigratedVm>;

/**
 * The planned migrations in their order, as many at the same time as that says. When one of them does not go well none
 * is begun any more; those under way come to their end.
 *
 * @returns the runs in the plan's order; fewer than planned where one did not go well
 * @throws VxmigError INTERRUPTED, or what the signal was aborted with, where not all were begun; whatever `migrateOne`
 *   throws, when all have ended
 */
export async function moveVms(
  moves: readonly ScheduledMove[],
  migrateOne: MigrateOne,
  signal: AbortSignal,
): Promise<MigratedVm[]> {
  const runs = new Map<string, MigratedVm>();
  const others = (vm: string) => moves.map((move) => move.vm).filter((name) => name !== vm);
  let failed = false;
  const isStopped = () => failed || signal.aborted || [...runs.values()].some(({ record }) => !record.result.ok);
  const ends = new Map<string, Promise<void>>();
  for (const move of moves) {
    const begin = async () => {
      await Promise.all(move.after.map((name) => ends.get(name)));
      if (isStopped()) return;
      try {
        runs.set(move.vm, await migrateOne(move, others(move.vm)));
      } catch (error) {
        failed = true;
        throw error;
      }
    };
    ends.set(move.vm, begin());
  }
  // A failure that is no migration's own is told when all have ended: nothing goes on behind our back.
  const settled = await Promise.allSettled(ends.values());
  const failure = settled.find((end) => end.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
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
