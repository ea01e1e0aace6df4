import type { Change } from '../model/change.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { Emit } from '../model/event.js';
import type { MountRemoval } from '../model/mount.js';
import { shellLine } from '../model/quote.js';
import type { ScopePlan } from '../model/scope-plan.js';
import type { VolumeRemoval } from '../model/volume-step.js';
import type { NetworkBackend } from '../network/backend.js';
import { change } from '../plan/change.js';
import { destroyVms, namesOn, refuseDestruction } from '../plan/destroy-plan.js';
import type { VmPlan } from '../plan/host-plan.js';
import { removals } from '../plan/mount-plan.js';
import type { ObservedHost } from '../plan/observed.js';
import { madeFor } from '../plan/volume-removal.js';
import { servedFile } from '../storage/place-text.js';
import type { Controller } from './controller.js';
import { everySession } from './every-session.js';
import type { HostSession } from './host-session.js';

/**
 * What destroying the topology would remove, by host. @throws VxmigError CLASH where it would cut off a domain that is
 * somebody else's
 */
export async function planDestruction(controller: Controller, disks: Disks): Promise<ReadonlyMap<string, Destruction>> {
  const { name } = controller.topology;
  const observed = await Promise.all([...controller.sessions.values()].map((session) => session.observe(name)));
  for (const host of observed) refuseDestruction(name, host);
  const images = madeFor(controller.topology, observed);
  return new Map(
    observed.map((host) => [
      host.host,
      destructionOf(controller, host, { images: images.get(host.host) ?? [], disks }),
    ]),
  );
}

/** Whether images that vxmig has made go with the VMs that wrote to them. */
export type Disks = 'kept' | 'removed';

/** What has to go from one host. */
export interface Destruction {
  readonly changes: readonly Change[];
  readonly vms: VmPlan;
  readonly scope: ScopePlan;
  /** Images, when no domain is left that has one open. */
  readonly removed: readonly VolumeRemoval[];
  /** Images that are to go, and lie on a server where no host can remove them. */
  readonly served: readonly VolumeRemoval[];
  readonly kept: readonly VolumeRemoval[];
  /** Last: what vxmig has mounted, and nobody else needs. */
  readonly unmounts: readonly MountRemoval[];
}

interface Images {
  readonly images: readonly VolumeRemoval[];
  readonly disks: Disks;
}

function destructionOf(
  { topology, network }: Controller,
  observed: ObservedHost,
  { images, disks }: Images,
): Destruction {
  const [vms, scope] = [destroyVms(topology.name, observed), network.planDestroy(observed)];
  const asked = disks === 'removed' ? images : [];
  const removed = asked.filter(({ place }) => servedFile(place) === null);
  const served = asked.filter((one) => !removed.includes(one));
  const unmounts = removals(topology.name, observed, () => false);
  const gone = removed.map(({ place }) => change(observed.host, 'disk', place, 'delete', '--disks was said'));
  const away = unmounts.map(({ path }) => change(observed.host, 'mount', path, 'delete', 'vxmig has mounted it'));
  const kept = disks === 'kept' ? images : [];
  return { changes: [...vms.changes, ...scope.changes, ...gone, ...away], vms, scope, removed, unmounts, served, kept };
}

/** The topologies whose mark something on these hosts carried when they were observed. */
export function namesKnownTo(controller: Controller): readonly string[] {
  return [...new Set([...controller.sessions.values()].flatMap(({ observed }) => namesOn(observed)))].sort();
}

/**
 * Carries it out on all hosts at once; images go when no host has a VM any more that could have one open.
 * @throws VxmigError naming every host on which something is left, and what
 */
export async function destroy(
  controller: Controller,
  plans: ReadonlyMap<string, Destruction>,
  emit: Emit,
): Promise<readonly Change[]> {
  const everyHost = async (work: (session: HostSession, plan: Destruction) => Promise<void>) =>
    await everySession(
      [...controller.sessions.values()],
      async (session) => {
        const plan = plans.get(session.name);
        if (plan === undefined) return;
        try {
          await work(session, plan);
        } catch (cause) {
          const details = { where: session.name, hint: AGAIN, cause };
          const left = await leftOn(controller, session, plan);
          throw new VxmigError('APPLY_FAILED', `${messageOf(cause)}; ${left}`, details);
        }
      },
      AGAIN,
    );
  await everyHost(async (session, { vms, scope }) => {
    await session.executeDomains(vms.remove, emit);
    await session.removeDisks(vms.removeSeeds, []);
    const network: NetworkBackend = controller.network;
    await network.prune(scope);
  });
  await everyHost((session, { removed }) => session.removeDisks([], removed));
  await everyHost((session, { unmounts }) => session.unmount(unmounts));
  const served = [...plans.values()].flatMap((plan) => plan.served);
  if (served.length > 0) throw leftOnServer(served);
  return [...plans.values()].flatMap((plan) => plan.changes);
}

/** All else is done. */
function leftOnServer(images: readonly VolumeRemoval[]): VxmigError {
  const files = images.flatMap(({ place }) => servedFile(place) ?? []);
  const servers = [...new Set(files.map(({ server }) => server))];
  const commands = servers.map((name) => {
    const paths = files.flatMap(({ server, path }) => (server === name ? [path, `${path}.vxmig`] : []));
    return `on ${name} \`${shellLine(['rm', '--', ...paths])}\``;
  });
  const places = images.map(({ place }) => place).join(', ');
  return new VxmigError(
    'APPLY_FAILED',
    `All else is removed; what QEMU's NFS driver cannot remove is left: ${places}`,
    {
      where: servers.join(', '),
      hint: `The guests' data go for good: ${commands.join(', ')}.`,
    },
  );
}

const AGAIN = 'Fix that and run the same again: it removes what is left.';

async function leftOn(controller: Controller, session: HostSession, { removed }: Destruction): Promise<string> {
  try {
    const now = await session.observe(controller.topology.name);
    const images = madeFor(controller.topology, [now]).get(now.host) ?? [];
    const still = images.filter(({ place }) => removed.some((one) => one.place === place));
    const { changes } = destructionOf(controller, now, { images: still, disks: 'removed' });
    const left = changes.map(({ kind, name }) => `${kind} ${name}`);
    return `left on ${session.name}: ${left.length === 0 ? 'nothing' : left.join(', ')}`;
  } catch {
    return `what is left on ${session.name} cannot be seen`;
  }
}
