import { beginArrival } from './arrival.js';
import { byController, fdbKey, type MigrationContext, note } from './context.js';

/** From now on the switchover is seen: where QEMU stops and runs the guest, and what every host's table has of its MACs. */
export async function watchSwitchover(context: MigrationContext): Promise<void> {
  await Promise.all([
    followSwitch(context),
    ...context.vm.nics.map(({ network, mac }) => followTables(context, network, mac)),
  ]);
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

async function followTables(context: MigrationContext, network: string, mac: string): Promise<void> {
  const followers = await Promise.all(
    context.hosts.map(async (host) => {
      const key = fdbKey(host.name, network, mac);
      const moves = context.fdbMoves.get(key) ?? [];
      context.fdbMoves.set(key, moves);
      const follower = await host.followFdb(network, mac, (move) => {
        const atMs = move.atMs === null ? null : byController(context, host.name, move.atMs);
        moves.push({ ...move, atMs });
        if (atMs === null) return;
        note(context, host.name, atMs, `${mac} is ${move.place === null ? 'forgotten' : `at ${move.place}`}`);
      });
      return { key, follower };
    }),
  );
  for (const { key, follower } of followers) {
    context.followers.push(follower);
    context.fdbFollowers.push({ key, ...follower });
  }
}
