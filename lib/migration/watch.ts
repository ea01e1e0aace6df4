import type { MovingMac } from '../plan/moving-macs.js';
import { beginArrival } from './arrival.js';
import { byController, fdbKey, type MigrationContext, note } from './context.js';

/**
 * From now on the switchover is seen: where QEMU stops and runs the guest, and what every host's table has of the MACs
 * that move.
 */
export async function watchSwitchover(context: MigrationContext): Promise<void> {
  await Promise.all([followSwitch(context), followTables(context, context.macs)]);
}

/** STOP at the source and RESUME at the destination, by QEMU's own time stamps. */
async function followSwitch(context: MigrationContext): Promise<void> {
  const { source, destination, domain } = context;
  const followers = await Promise.all([
    source.followQemuEvents(domain, (event) => {
      if (event.event !== 'STOP') return;
      context.stoppedAtMs = byController(context, source.name, event.atMs);
      note(context, source.name, context.stoppedAtMs, 'QEMU paused the guest');
      for (const follower of context.fdbFollowers) follower.hurry();
    }),
    destination.followQemuEvents(domain, (event) => {
      if (event.event !== 'RESUME') return;
      context.resumedAtMs = byController(context, destination.name, event.atMs);
      note(context, destination.name, context.resumedAtMs, 'QEMU runs the guest');
      beginArrival(context);
    }),
  ]);
  context.followers.push(...followers);
}

/** What every host's table has of some MACs, from now on: one follower for each host and network. */
export async function followTables(context: MigrationContext, macs: readonly MovingMac[]): Promise<void> {
  const networks = [...new Set(macs.map(({ network }) => network))];
  const tables = networks.flatMap((network) => context.hosts.map((host) => ({ network, host })));
  const followers = await Promise.all(
    tables.map(async ({ network, host }) => {
      const its = macs.filter((each) => each.network === network).map(({ mac }) => mac);
      const keys = its.map((mac) => fdbKey(host.name, network, mac));
      for (const key of keys) context.fdbMoves.set(key, context.fdbMoves.get(key) ?? []);
      const follower = await host.followFdb(network, its, (mac, move) => {
        const atMs = move.atMs === null ? null : byController(context, host.name, move.atMs);
        context.fdbMoves.get(fdbKey(host.name, network, mac))?.push({ ...move, atMs });
        if (atMs === null) return;
        note(context, host.name, atMs, `${mac} is ${move.place === null ? 'forgotten' : `at ${move.place}`}`);
      });
      return { keys, follower };
    }),
  );
  for (const { keys, follower } of followers) {
    context.followers.push(follower);
    context.fdbFollowers.push({ keys, ...follower });
  }
}
