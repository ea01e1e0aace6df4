import type { Change } from '../model/change.js';
import { planDestroy } from '../plan/destroy-plan.js';
import type { Controller } from './controller.js';
import { everySession } from './every-session.js';

/** What destroying the topology would remove, by host. */
export async function planDestruction(
  controller: Controller,
): Promise<ReadonlyMap<string, ReturnType<typeof planDestroy>>> {
  const { name } = controller.topology;
  const observed = await Promise.all([...controller.sessions.values()].map((session) => session.observe(name)));
  return new Map(observed.map((host) => [host.host, planDestroy(name, host)]));
}

/** Carries it out on all hosts at once. @throws VxmigError naming every host on which something is left */
export async function destroy(
  controller: Controller,
  plans: Awaited<ReturnType<typeof planDestruction>>,
): Promise<readonly Change[]> {
  await everySession([...controller.sessions.values()], async (session) => {
    const plan = plans.get(session.name);
    if (plan !== undefined) await session.executeRemovals(plan.remove);
  });
  return [...plans.values()].flatMap((plan) => plan.changes);
}
