import { announceFrames } from '../frames/announce.js';
import type { MigrationContext } from './context.js';

/**
 * Five rounds, as QEMU does by itself (net/announce.c), but closer together: what QEMU's first frame did not mend should
 * not wait for 800 ms.
 */
const ROUND_DELAYS_MS = [0, 15, 20, 30, 40];

/**
 * RARP for the FDBs, gratuitous ARP and unsolicited neighbour advertisements for the neighbours' caches, from the VM's
 * port at the destination, on top of QEMU's own (which are RARP only). The first round.
 */
export async function announceFirst(context: MigrationContext): Promise<void> {
  await announceRounds(context, ROUND_DELAYS_MS.slice(0, 1));
}

/** The other rounds. */
export async function announceOn(context: MigrationContext): Promise<void> {
  await announceRounds(context, ROUND_DELAYS_MS.slice(1));
}

async function announceRounds(context: MigrationContext, delaysMs: readonly number[]): Promise<void> {
  await Promise.all(
    context.vm.nics.map(async (nic, index) => {
      const frames = announceFrames(nic);
      const rounds = delaysMs.map((delayMs) => ({ delayMs, frames }));
      await context.destination.announce(context.vm.name, index, rounds);
      for (const { kind } of frames) context.announced[kind] += rounds.length;
    }),
  );
}
