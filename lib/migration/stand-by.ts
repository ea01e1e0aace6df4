import type { MovingMac } from '../plan/moving-macs.js';
import { type MigrationContext, type PlacedRedirect, warn } from './context.js';
import { movingNics } from './moving.js';

/** No frame that has waited longer is delivered: whoever sent it has sent it again, or given up. */
export const HOLD_MS = 2_000;

/**
 * Whoever stands by: the source, before it a hub that frames for the destination pass, and the destination for its own
 * peers.
 */
export async function standBy(
  context: MigrationContext,
  macs: readonly MovingMac[],
): Promise<readonly PlacedRedirect[]> {
  const { topology, source, destination, hosts } = context;
  const redirects: Promise<PlacedRedirect>[] = [];
  const onLifted = (host: string) => {
    if (context.liftedAtMs === null)
      warn(context, `frames are not sent ahead any more: ${host} had no word of the guest for too long`);
    context.liftedAtMs ??= Date.now();
  };
  for (const { nic, macs: its } of movingNics(context, macs)) {
    const mesh = topology.networks.find((network) => network.name === nic.network)?.mesh;
    const hub = mesh?.kind === 'hub' ? hosts.find((host) => host.name === mesh.hub) : undefined;
    const onTheWay = hub === undefined || hub === source || hub === destination ? [] : [hub];
    for (const host of [...onTheWay, destination, source]) {
      const standing = host.redirect({
        nic,
        macs: its,
        domain: context.domain,
        from: source.name,
        to: destination.name,
        holdMs: HOLD_MS,
        arrived: () => context.resumedAtMs !== null,
        onLifted: () => onLifted(host.name),
      });
      redirects.push(standing.then((redirect) => ({ redirect, onTheWay: onTheWay.includes(host) })));
    }
  }
  return await Promise.all(redirects);
}

/**
 * From the source back to the hub: nothing is sent to whoever does not send it on. One that cannot be told lets go by
 * itself.
 *
 * @param waiting what becomes of the frames that wait at the destination
 */
export async function closeRedirects(context: MigrationContext, waiting: 'kept' | 'dropped' = 'kept'): Promise<void> {
  const { redirects } = context;
  context.redirects = [];
  if (redirects.length > 0) context.liftedAtMs ??= Date.now();
  await closeAll(redirects, waiting);
}

export async function closeAll(
  redirects: readonly PlacedRedirect[],
  waiting: 'kept' | 'dropped' = 'kept',
): Promise<void> {
  for (const { redirect } of [...redirects].reverse()) {
    await (waiting === 'kept' ? redirect.disarm() : redirect.drop()).catch(() => {});
    await redirect.close();
  }
}
