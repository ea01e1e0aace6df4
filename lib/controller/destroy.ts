import type { Change } from '../model/change.js';
import { messageOf, VxmigError } from '../model/errors.js';
import { namesOn, planDestroy, refuseDestruction } from '../plan/destroy-plan.js';
import type { Controller } from './controller.js';
import { everySession } from './every-session.js';
import type { HostSession } from './host-session.js';

/**
 * What destroying the topology would remove, by host. @throws VxmigError CLASH where it would cut off a domain that is
 * somebody else's
 */
export async function planDestruction(
  controller: Controller,
): Promise<ReadonlyMap<string, ReturnType<typeof planDestroy>>> {
  const { name } = controller.topology;
  const observed = await Promise.all([...controller.sessions.values()].map((session) => session.observe(name)));
  for (const host of observed) refuseDestruction(name, host);
  return new Map(observed.map((host) => [host.host, planDestroy(name, host)]));
}

/** The topologies whose mark something on these hosts carried when they were observed. */
export function namesKnownTo(controller: Controller): readonly string[] {
  return [...new Set([...controller.sessions.values()].flatMap(({ observed }) => namesOn(observed)))].sort();
}

/** Carries it out on all hosts at once. @throws VxmigError naming every host on which something is left, and what */
export async function destroy(
  controller: Controller,
  plans: Awaited<ReturnType<typeof planDestruction>>,
): Promise<readonly Change[]> {
  const { name } = controller.topology;
  await everySession(
    [...controller.sessions.values()],
    async (session) => {
      const plan = plans.get(session.name);
      if (plan === undefined) return;
      await session.executeRemovals(plan.remove).catch(async (cause: unknown) => {
        const details = { where: session.name, hint: AGAIN, cause };
        throw new VxmigError('APPLY_FAILED', `${messageOf(cause)}; ${await leftOn(session, name)}`, details);
      });
    },
    AGAIN,
  );
  return [...plans.values()].flatMap((plan) => plan.changes);
}

const AGAIN = 'Fix that and run the same again: it removes what is left.';

async function leftOn(session: HostSession, topology: string): Promise<string> {
  try {
    const { changes } = planDestroy(topology, await session.observe(topology));
    const left = changes.map(({ kind, name }) => `${kind} ${name}`);
    return `left on ${session.name}: ${left.length === 0 ? 'nothing' : left.join(', ')}`;
  } catch {
    return `what is left on ${session.name} cannot be seen`;
  }
}
