import { type AnnounceFrame, announceFrames } from '../frames/announce.js';
import type { MigrationContext } from './context.js';
import { movingNics } from './moving.js';
import type { VmNic } from './needs.js';

/**
 * Five rounds, as QEMU does by itself (net/announce.c), but closer together: what QEMU's first frame did not fix should
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
    movingNics(context).map(async ({ nic, macs }) => {
      const frames = framesFor(context, nic, macs);
      const rounds = delaysMs.map((delayMs) => ({ delayMs, frames }));
      await context.destination.announce(nic, rounds);
      for (const { kind } of frames) context.announced[kind] += rounds.length;
    }),
  );
}

/**
 * Which address belongs to a MAC is known of the NIC's own only; and whoever is behind it keeps both, so that no
 * neighbour's cache is wrong.
 */
export function framesFor({ vm }: MigrationContext, { index }: VmNic, macs: readonly string[]): AnnounceFrame[] {
  const own = vm.nics[index];
  return macs.flatMap((mac) => announceFrames({ mac, addresses: mac === own?.mac ? own.addresses : [] }));
}
