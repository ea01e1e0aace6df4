import { type MigrationContext, note, type PlacedRedirect } from './context.js';
import { ALLOWED_DOWNTIME_MS, OPEN_MIB_PER_SECOND, withinLimit } from './gate.js';
import { until } from './until.js';

/** How long after the gate's opening the guest should be paused. */
const URGE_AFTER_MS = 200;
const GIVE_UP_AFTER_MS = 800;

/**
 * Frames for the VM are sent ahead to its new host, where they wait in its tap; only then may QEMU pause the guest. So none arrives
 * at a tap that nobody reads any more, and the guest gets all of them when it runs again.
 */
export async function redirect(context: MigrationContext): Promise<void> {
  if (!context.options.redirect || context.control === null) return;
  for (const follower of context.fdbFollowers) follower.hurry();
  // A hub has to send them on before the source sends them to it: the sources (one for each NIC) come last.
  const armAll = async (atSource: boolean) => {
    await Promise.all(context.redirects.filter((each) => each.atSource === atSource).map((each) => each.arm()));
  };
  await armAll(false);
  await armAll(true);
  context.armedAtMs = Date.now();
  note(context, context.source.name, context.armedAtMs, 'frames for the guest are sent ahead');
  await openGate(context);
}

/** Traffic goes back to the source. */
export async function unredirect(context: MigrationContext): Promise<void> {
  await closeRedirects(context);
  await context.control?.close();
  context.control = null;
}

/** Whoever stands by: the source, before it a hub that frames for the destination pass, and the destination for its own peers. */
export async function standBy(context: MigrationContext): Promise<readonly PlacedRedirect[]> {
  const { topology, vm, source, destination, hosts } = context;
  const redirects: PlacedRedirect[] = [];
  for (const nic of vm.nics) {
    const mesh = topology.networks.find((network) => network.name === nic.network)?.mesh;
    const hub = mesh?.kind === 'hub' ? hosts.find((host) => host.name === mesh.hub) : undefined;
    const onTheWay = hub === undefined || hub === source || hub === destination ? [] : [hub];
    for (const host of [destination, ...onTheWay, source])
      redirects.push({ ...(await host.redirect(nic.network, nic.mac, destination.name)), atSource: host === source });
  }
  return redirects;
}

/** From the source back to the hub: nothing is sent to whoever does not send it on. */
export async function closeRedirects(context: MigrationContext): Promise<void> {
  for (const each of [...context.redirects].reverse()) {
    await each.disarm();
    await each.close();
  }
  context.redirects = [];
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
  if (await until(settled, GIVE_UP_AFTER_MS)) return;
  await closeRedirects(context);
  context.emit({
    kind: 'warning',
    text: `${context.vm.name} was not paused in time: frames are not sent ahead any more`,
  });
}
