import { type AnnounceFrame, announceFrames } from '../frames/announce.js';
import type { VmNic } from '../network/path.js';
import type { Run } from './migration.js';
import type { MovingMacs } from './moving-macs.js';
import type { Reservation } from './reserve.js';

/**
 * Five rounds, as QEMU does by itself (net/announce.c), but closer together: what QEMU's first frame did not fix should
 * not wait for 800 ms.
 */
const ROUND_DELAYS_MS = [0, 15, 20, 30, 40];

/**
 * RARP for the FDBs, gratuitous ARP and unsolicited neighbour advertisements for the neighbours' caches, from the VM's
 * port at the destination, on top of QEMU's own (which are RARP only).
 */
export class Announcements {
  /** Frames that were sent. */
  readonly counts: Record<AnnounceFrame['kind'], number> = { rarp: 0, garp: 0, na: 0 };

  constructor(
    private readonly run: Run,
    private readonly moving: MovingMacs,
  ) {}

  /** Before all else: until the tables know the new place, frames for the guest take the long way. */
  async firstRound(): Promise<void> {
    await this.#rounds(ROUND_DELAYS_MS.slice(0, 1));
  }

  async otherRounds(): Promise<void> {
    await this.#rounds(ROUND_DELAYS_MS.slice(1));
  }

  /** Some MACs once more. */
  async again(nic: VmNic, macs: readonly string[]): Promise<void> {
    await this.#send(nic, macs, [0]);
  }

  async #rounds(delaysMs: readonly number[]): Promise<void> {
    await Promise.all(this.moving.byNic().map(({ nic, macs }) => this.#send(nic, macs, delaysMs)));
  }

  async #send(nic: VmNic, macs: readonly string[], delaysMs: readonly number[]): Promise<void> {
    const frames = framesFor(this.run, nic, macs);
    const rounds = delaysMs.map((delayMs) => ({ delayMs, frames }));
    await this.run.destination.path.announce(nic, rounds);
    for (const { kind } of frames) this.counts[kind] += rounds.length;
  }
}

/**
 * Which address belongs to a MAC is known of the NIC's own only; and whoever is behind it keeps both, so that no
 * neighbour's cache is wrong.
 */
function framesFor({ vm }: Run, { index }: VmNic, macs: readonly string[]): AnnounceFrame[] {
  const own = vm.nics[index];
  return macs.flatMap((mac) => announceFrames({ mac, addresses: mac === own?.mac ? own.addresses : [] }));
}

/**
 * The VM has arrived: from now on the destination's tap is a port like any other. What the source still took for late
 * frames of the VM's move before this one goes on as well: only now, because the redirect goes before it, and a VM that
 * stays would need it.
 */
export async function takeIn(run: Run, reservation: Reservation): Promise<void> {
  const { destination, source, placement, vm } = run;
  // It works on the same bridge.
  await reservation.covered();
  const nics = reservation.moving.byNic();
  placement.arrive(vm.name);
  const accepted = async () => {
    for (const { nic, macs } of nics) await destination.path.acceptLate(nic, macs, source.name);
    await destination.path.converge();
  };
  await Promise.all([accepted(), ...nics.map(({ nic, macs }) => source.path.refuseLate(nic.network, macs))]);
}
