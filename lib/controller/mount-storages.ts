import type { MountRemoval } from '../model/mount.js';
import type { OvsScope } from '../plan/host-plan.js';
import type { Plan } from '../plan/plan.js';
import type { Controller } from './controller.js';
import { everySession } from './every-session.js';
import { type LookedAhead, lookAhead } from './obstructed-moves.js';
import { unmounted } from './undo.js';

interface Mounted {
  /** As all was before. */
  readonly first: Plan<OvsScope>;
  /** By host: what was mounted now. */
  readonly mounted: ReadonlyMap<string, readonly MountRemoval[]>;
}

/**
 * Mounts what the plan says, before all else: what is on a storage is seen only then. @throws VxmigError as
 * Controller.plan; APPLY_FAILED where a host cannot mount it, and then none has
 */
export async function mountStorages(controller: Controller): Promise<Mounted> {
  const first = await controller.plan();
  const mounted = new Map(first.mounts.flatMap(({ host, mounts }) => (mounts.length === 0 ? [] : [[host, mounts]])));
  try {
    await everySession([...controller.sessions.values()], async (session) => {
      await session.mount(mounted.get(session.name) ?? []);
    });
  } catch (error) {
    throw await unmounted(controller, error, mounted);
  }
  return { first, mounted };
}

/**
 * The plan with what is seen on the storages, and what its moves meet. @throws VxmigError as Controller.plan and
 * lookAhead, and what is in the way of a move; nothing is mounted then that was not before
 */
export async function lookThrough(
  controller: Controller,
  { first, mounted }: Mounted,
  parallel: number | undefined,
): Promise<{ readonly planned: Plan<OvsScope>; readonly ahead: LookedAhead<OvsScope> }> {
  try {
    const planned = mounted.size === 0 ? first : withMounts(first, await controller.plan());
    const ahead = await lookAhead(controller, planned, parallel);
    if (ahead.obstacle !== null) throw ahead.obstacle;
    return { planned, ahead };
  } catch (error) {
    throw await unmounted(controller, error, mounted);
  }
}

/** Those of the first plan are done, and are told with the others. */
function withMounts(first: Plan<OvsScope>, planned: Plan<OvsScope>): Plan<OvsScope> {
  const done = first.changes.filter(({ kind, action }) => kind === 'mount' && action === 'create');
  return { ...planned, changes: [...done, ...planned.changes] };
}
