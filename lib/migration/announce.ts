import { announceFrames } from '../frames/announce.js';
import type { MigrationContext } from './context.js';
import { occupy } from './reserve.js';

/** When QEMU announces the guest itself (net/announce.c: 50 ms at first, 100 ms more each time): the same rhythm suits us. */
const ROUND_DELAYS_MS = [0, 50, 150, 250, 350];

/**
 * RARP for the FDBs, gratuitous ARP and unsolicited neighbour advertisements for the neighbours' caches, from the VM's
 * port at the destination, on top of QEMU's own (which are RARP only).
 */
export async function announce(context: MigrationContext): Promise<void> {
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
