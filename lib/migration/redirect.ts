import { type MigrationContext, note, type PlacedRedirect } from './context.js';
import { ALLOWED_DOWNTIME_MS, OPEN_MIB_PER_SECOND, withinLimit } from './gate.js';
import type { Whereabouts } from './stage.js';
import { until } from './until.js';

/** No frame that has waited longer is delivered: whoever sent it has sent it again, or given up. */
const HOLD_MS = 2_000;

/** How long after the gate's opening the guest should be paused. */
const URGE_AFTER_MS = 200;
const GIVE_UP_AFTER_MS = 800;

/**
 * Frames for the VM are sent ahead to its new host, where they wait in its tap; only then may QEMU pause the guest. So none arrives
 * at a tap that nobody reads any more, and the guest gets all of them when it runs again.
 */
export async function redirect(context: MigrationContext): Promise<void> {
  if (!context.options.redirect || context.control === null) return;
  const unready = await (context.unready ?? 'it was not asked');
  if (unready !== null) {
    await closeRedirects(context);
    warn(context, `${unready}. It is migrated the plain way: what is sent to it while it is paused is lost`);
    await openGate(context);
    return;
  }
  for (const follower of context.fdbFollowers) follower.hurry();
  // A hub has to send them on before the source sends them to it.
  const arm = async (onTheWay: boolean) => {
    await Promise.all(
      context.redirects.filter((each) => each.onTheWay === onTheWay).map((each) => each.redirect.arm()),
    );
  };
  await arm(true);
  context.armingAtMs = Date.now();
  await arm(false);
  context.armedAtMs = Date.now();
  note(context, context.source.name, context.armedAtMs, 'frames for the guest are sent ahead');
  await openGate(context);
}

/** Traffic goes back to the source, where the VM is as far as anybody knows: the gate may have been opened, which the copy's undoing finds out. */
export async function unredirect(context: MigrationContext): Promise<Whereabouts> {
  await closeRedirects(context);
  await context.control?.close();
  context.control = null;
  return 'source';
}

/** Whoever stands by: the source, before it a hub that frames for the destination pass, and the destination for its own peers. */
export async function standBy(context: MigrationContext): Promise<readonly PlacedRedirect[]> {
  const { topology, vm, source, destination, hosts } = context;
  const redirects: Promise<PlacedRedirect>[] = [];
  let lifted = false;
  const onLifted = (host: string) => {
    context.liftedAtMs ??= Date.now();
    if (!lifted) warn(context, `frames are not sent ahead any more: ${host} had no word of the guest for too long`);
    lifted = true;
  };
  for (const nic of vm.nics) {
    const mesh = topology.networks.find((network) => network.name === nic.network)?.mesh;
    const hub = mesh?.kind === 'hub' ? hosts.find((host) => host.name === mesh.hub) : undefined;
    const onTheWay = hub === undefined || hub === source || hub === destination ? [] : [hub];
    for (const host of [...onTheWay, destination, source]) {
      const standing = host.redirect({
        network: nic.network,
        mac: nic.mac,
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

function warn(context: MigrationContext, text: string): void {
  note(context, null, Date.now(), text);
  context.emit({ kind: 'warning', text: `${context.vm.name}: ${text}` });
}

/**
 * From the source back to the hub: nothing is sent to whoever does not send it on. One that cannot be told lets go by itself.
 *
 * @param waiting what becomes of the frames that wait at the destination
 */
export async function closeRedirects(context: MigrationContext, waiting: 'kept' | 'dropped' = 'kept'): Promise<void> {
  const redirects = [...context.redirects].reverse();
  context.redirects = [];
  if (redirects.length > 0) context.liftedAtMs ??= Date.now();
  for (const { redirect } of redirects) {
    await (waiting === 'kept' ? redirect.disarm() : redirect.drop()).catch(() => {});
    await redirect.close();
  }
}

/** Full speed first: what is left is sent while the guest still runs, and only then is it paused. */
async function openGate({ control, options, downtimeMs }: MigrationContext): Promise<void> {
  const { strategy, bandwidthBytesPerSecond: limit } = options;
  await control?.setSpeed(withinLimit(OPEN_MIB_PER_SECOND, limit));
  if (strategy === 'post-copy') await control?.startPostCopy();
  else await control?.setMaxDowntime(downtimeMs);
}

/**
 * Called while QEMU finishes. A guest that dirties more than was judged gets QEMU's usual downtime; one that is not paused even then gets its
 * frames at the source again, for waiting frames grow old.
 */
export async function urge(context: MigrationContext, over: () => boolean): Promise<void> {
  if (context.control === null || context.options.strategy === 'post-copy') return;
  const settled = () => over() || context.stoppedAtMs !== null;
  if (await until(settled, URGE_AFTER_MS)) return;
  await context.control.setMaxDowntime(ALLOWED_DOWNTIME_MS);
  if (context.redirects.length === 0 || (await until(settled, GIVE_UP_AFTER_MS))) return;
  await closeRedirects(context, 'dropped');
  warn(context, 'it was not paused in time: frames are not sent ahead any more');
}
