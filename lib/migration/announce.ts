import { announceFrames } from '../frames/announce.js';
import type { MigrationContext } from './context.js';
import { occupy } from './reserve.js';

/**
 * Five rounds, as QEMU does by itself (net/announce.c), but closer together: what QEMU's first frame did not mend should
 * not wait for 800 ms.
 */
const ROUND_DELAYS_MS = [0, 20, 40, 80, 160];

/**
 * RARP for the FDBs, gratuitous ARP and unsolicited neighbour advertisements for the neighbours' caches, from the VM's
 * port at the destination, on top of QEMU's own (which are RARP only). It begins by itself when the guest is seen to
 * run there; this stage waits for its end.
 */
export async function announce(context: MigrationContext): Promise<void> {
  beginAnnouncing(context);
  await context.announcing;
}

/** Called at the guest's RESUME; once only. */
export function beginAnnouncing(context: MigrationContext): void {
  context.announcing ??= announceAll(context);
  // Whoever waits for it later gets the failure; until then it is not unhandled.
  context.announcing.catch(() => {});
}

async function announceAll(context: MigrationContext): Promise<void> {
  await Promise.all([
    occupy(context),
    ...context.vm.nics.map(async (nic, index) => {
      const frames = announceFrames(nic);
      await context.destination.announce(
        context.vm.name,
        index,
        ROUND_DELAYS_MS.map((delayMs) => ({ delayMs, frames })),
      );
      for (const { kind } of frames) context.announced[kind] += ROUND_DELAYS_MS.length;
    }),
  ]);
}
