import type { Change } from '../model/change.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { MountRemoval } from '../model/mount.js';
import type { NetworkBackend } from '../network/backend.js';
import { change } from '../plan/change.js';
import type { ObservedHost } from '../plan/observed.js';
import type { Plan } from '../plan/plan.js';
import { WHY_NEW } from '../plan/undo-plan.js';
import { undoVms } from '../plan/undo-vms.js';
import { madeBy } from '../plan/volume-removal.js';
import type { Controller } from './controller.js';
import type { HostSession } from './host-session.js';

/** What a failed apply has left on a host, as far as that is known. */
interface Leftover {
  readonly host: string;
  readonly what: string;
}

/** An apply that did not come to its end: its plan, and the hosts as the plan saw them. */
export interface Attempt {
  readonly plan: Plan;
  readonly before: ReadonlyMap<string, ObservedHost>;
  /** By host: what it has mounted. */
  readonly mounted: ReadonlyMap<string, readonly MountRemoval[]>;
}

/**
 * Takes all hosts back to how they were, and looks whether they are; resolves to what is left, in words: empty where
 * nothing is. Never rejects.
 */
export async function undoApply(controller: Controller, { plan, before, mounted }: Attempt): Promise<string> {
  const hadChanges = (host: string) => plan.changes.some((change) => change.host === host);
  const sessions = [...controller.sessions.values()].filter(({ name }) => hadChanges(name));
  const left = sessions.map(async (session): Promise<Leftover[]> => {
    try {
      const changes = await undoHost(controller, session, plan, before);
      const what = changes.map(({ kind, name }) => `${kind} ${name}`).join(', ');
      return changes.length === 0 ? [] : [{ host: session.name, what }];
    } catch (error) {
      return [{ host: session.name, what: `not known (${messageOf(error)})` }];
    }
  });
  const held = (await Promise.all(left)).flat();
  // After what was on it.
  const stillMounted = await unmountAll(controller, mounted);
  return leftText([...held, ...stillMounted]);
}

/** Empty where nothing is left. */
function leftText(left: readonly Leftover[]): string {
  return left.map(({ host, what }) => `${host}: ${what}`).join('; ');
}

/** The failure itself where all is as before; else with what is still mounted. */
export async function unmounted(
  controller: Controller,
  failure: unknown,
  mounted: Attempt['mounted'],
): Promise<unknown> {
  const left = await unmountAll(controller, mounted);
  return left.length === 0 ? failure : undone(failure, leftText(left));
}

/** Never rejects. */
async function unmountAll(controller: Controller, mounted: Attempt['mounted']): Promise<Leftover[]> {
  const left = [...mounted].map(async ([host, removals]): Promise<Leftover[]> => {
    try {
      await controller.session(host).unmount(removals);
      return [];
    } catch (error) {
      return [{ host, what: `mount ${removals.map(({ path }) => path).join(', ')} (${messageOf(error)})` }];
    }
  });
  return (await Promise.all(left)).flat();
}

/** The failure, with how its undoing ended. */
export function undone(failure: unknown, left: string): VxmigError {
  const code = failure instanceof VxmigError ? failure.code : 'APPLY_FAILED';
  const where = failure instanceof VxmigError && failure.where !== undefined ? { where: failure.where } : {};
  const detail = { ...where, cause: failure };
  if (left === '') {
    const hint = failure instanceof VxmigError ? failure.hint : 'Fix what the message names, then apply again.';
    return new VxmigError(code, `${sentence(failure)} What apply had changed was undone.`, { hint, ...detail });
  }
  return new VxmigError(code, `${sentence(failure)} Not all that apply had changed could be undone. Left on ${left}.`, {
    hint: FINISH,
    ...detail,
  });
}

function sentence(failure: unknown): string {
  return `${messageOf(failure).replace(/[\s:.]+$/, '')}.`;
}

export const FINISH = '`vxmig apply FILE` goes on from what is there; `vxmig destroy FILE` removes it.';

async function undoHost(
  { network }: { readonly network: NetworkBackend },
  session: HostSession,
  { topology, scopes, vms: vmPlans }: Plan,
  before: ReadonlyMap<string, ObservedHost>,
): Promise<readonly Change[]> {
  const scope = scopes.find(({ host }) => host === session.name);
  const made = vmPlans.find(({ host }) => host === session.name) ?? { volumes: [] };
  const was = before.get(session.name);
  if (scope === undefined || was === undefined) return [];
  const now = await session.observe(topology);
  // Its bridges' devices outlive it: of rows that are removed meanwhile it would never hear, and nobody would know any
  // more whose they are.
  if (network.unready([now]).length > 0) throw new Error('ovs-vswitchd does not answer, so nothing was touched there');
  const [undoing, vms] = [network.planUndo(scope, was, now), undoVms(topology, was, now)];
  await network.apply(undoing);
  // Nothing that it could say stays: what was begun anew here goes with its disks.
  await session.executeDomains([...vms.steps, ...vms.remove], () => undefined);
  await session.removeDisks(vms.removeSeeds, madeBy(made, topology, now));
  await network.prune(undoing);
  const after = await session.observe(topology);
  const images = madeBy(made, topology, after).map(({ place }) =>
    change(session.name, 'disk', place, 'delete', WHY_NEW),
  );
  return [...network.planUndo(scope, was, after).changes, ...undoVms(topology, was, after).changes, ...images];
}
