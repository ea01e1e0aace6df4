import type { Change } from '../model/change.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { ScopePlan } from '../model/scope-plan.js';
import type { NetworkBackend } from '../network/backend.js';
import { destroyVms, namesOn, refuseDestruction } from '../plan/destroy-plan.js';
import type { VmPlan } from '../plan/host-plan.js';
import type { ObservedHost } from '../plan/observed.js';
import type { Controller } from './controller.js';
import { everySession } from './every-session.js';
import type { HostSession } from './host-session.js';

/**
 * What destroying the topology would remove, by host. @throws VxmigError CLASH where it would cut off a domain that is
 * somebody else's
 */
export async function planDestruction(controller: Controller): Promise<ReadonlyMap<string, Destruction>> {
  const { name } = controller.topology;
  const observed = await Promise.all([...controller.sessions.values()].map((session) => session.observe(name)));
  for (const host of observed) refuseDestruction(name, host);
  return new Map(observed.map((host) => [host.host, destructionOf(controller, host)]));
}

/** What has to go from one host. */
export interface Destruction {
  readonly changes: readonly Change[];
  readonly vms: VmPlan;
  readonly scope: ScopePlan;
}

function destructionOf({ topology, network }: Controller, observed: ObservedHost): Destruction {
  const [vms, scope] = [destroyVms(topology.name, observed), network.planDestroy(observed)];
  return { changes: [...vms.changes, ...scope.changes], vms, scope };
}

/** The topologies whose mark something on these hosts carried when they were observed. */
export function namesKnownTo(controller: Controller): readonly string[] {
  return [...new Set([...controller.sessions.values()].flatMap(({ observed }) => namesOn(observed)))].sort();
}

/** Carries it out on all hosts at once. @throws VxmigError naming every host on which something is left, and what */
export async function destroy(
  controller: Controller,
  plans: ReadonlyMap<string, Destruction>,
): Promise<readonly Change[]> {
  await everySession(
    [...controller.sessions.values()],
    async (session) => {
      const plan = plans.get(session.name);
      if (plan === undefined) return;
      try {
        await session.executeDomains(plan.vms.remove);
        const network: NetworkBackend = controller.network;
        await network.prune(plan.scope);
      } catch (cause) {
        const details = { where: session.name, hint: AGAIN, cause };
        throw new VxmigError('APPLY_FAILED', `${messageOf(cause)}; ${await leftOn(controller, session)}`, details);
      }
    },
    AGAIN,
  );
  return [...plans.values()].flatMap((plan) => plan.changes);
}

const AGAIN = 'Fix that and run the same again: it removes what is left.';

async function leftOn(controller: Controller, session: HostSession): Promise<string> {
  try {
    const { changes } = destructionOf(controller, await session.observe(controller.topology.name));
    const left = changes.map(({ kind, name }) => `${kind} ${name}`);
    return `left on ${session.name}: ${left.length === 0 ? 'nothing' : left.join(', ')}`;
  } catch {
    return `what is left on ${session.name} cannot be seen`;
  }
}
