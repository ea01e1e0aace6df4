import type { Follower, MigrationControl } from '../compute/driver.js';
import type { DiskCopy } from '../model/disk-copy.js';
import { messageOf } from '../model/errors.js';
import type { MovingMac } from '../plan/moving-macs.js';
import { DiskCopies } from './disk-figures.js';
import type { Run } from './migration.js';
import { MovingMacs } from './moving-macs.js';
import { closeAll, Redirects } from './redirects.js';
import { TableWatch } from './tables.js';
import { WaitingRoom } from './waiting-room.js';

/** What the destination holds for the VM, and who stands by, from `reserve` until the VM is there or stays. */
export class Reservation {
  readonly moving: MovingMacs;
  readonly tables: TableWatch;
  readonly redirects: Redirects;
  readonly disks: DiskCopies;
  readonly room: WaitingRoom;
  /** null: the copy is not steered, so that nothing could be sent ahead at the right moment. */
  #control: MigrationControl | null = null;
  #followers: readonly Follower[] = [];
  /** More MACs are being made ready at all hosts. */
  #covering: Promise<void> | null = null;
  #isHeld = false;
  /** Those of which an image may be at the destination. */
  readonly #received: DiskCopy[] = [];

  constructor(
    private readonly run: Run,
    copies: readonly DiskCopy[],
  ) {
    this.disks = new DiskCopies(copies);
    this.moving = new MovingMacs(run);
    this.tables = new TableWatch(run);
    this.redirects = new Redirects(run, this.moving);
    this.room = new WaitingRoom(run);
  }

  get control(): MigrationControl | null {
    return this.#control;
  }

  /**
   * The destination gets images for the disks that come along, and the VM's tap, port and flows; broadcasts do not go
   * to the tap before the VM is there. From now on the switch is seen: where the guest is paused and let run, and what
   * every host's table has of the MACs that move.
   */
  async make(): Promise<void> {
    const { placement, vm, source, destination, domain, options, strategy } = this.run;
    for (const copy of this.disks.all) {
      await destination.images.receive(copy);
      this.#received.push(copy);
    }
    await this.moving.find();
    placement.carry(vm.name, { macs: this.moving.macs });
    const prepared = async () => {
      await destination.path.converge();
      if (options.redirect) this.redirects.add(await this.redirects.standBy(this.moving.macs));
    };
    const steered = async () => {
      if (options.redirect || strategy.alwaysSteers) this.#control = await source.vms.control(domain);
    };
    // All of them come to their end before anything is undone.
    const watched = [this.tables.follow(this.moving.macs), this.#followSwitch()];
    const ends = await Promise.allSettled([prepared(), steered(), ...watched]);
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Leaves the destination as the ledger wants it, without the VM. The others are undone where one cannot be. */
  async undo(): Promise<void> {
    const { placement, vm, destination } = this.run;
    // It works on the same bridge.
    await this.#covering;
    const closed = await Promise.allSettled([this.redirects.close(), this.stopSteering()]);
    placement.stay(vm.name);
    const discarded = await Promise.allSettled(this.#received.map((copy) => destination.images.discard(copy)));
    await destination.path.converge();
    const failed = [...closed, ...discarded].find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /**
   * While the copy is far from its end: who has come to be behind the VM's NICs gets all that those had who were there
   * before. Does not wait for it.
   */
  coverNewcomers(): void {
    if (this.#covering !== null || this.#isHeld || !this.redirects.stand) return;
    const fresh = this.moving.newcomers();
    if (fresh.length === 0) return;
    this.#covering = this.#cover(fresh)
      .catch((error: unknown) => {
        // They stay newcomers, and are tried again.
        const text = `who has come behind the VM is not covered yet: ${messageOf(error)}`;
        this.run.journal.note(null, Date.now(), text);
      })
      .finally(() => {
        this.#covering = null;
      });
  }

  /** Resolves when no newcomers are being made ready: they work on the same bridge. */
  async covered(): Promise<void> {
    await this.#covering;
  }

  /** The copy is held before its end, or past it: whoever is not ready by now is too late. */
  hold(): void {
    this.#isHeld = true;
  }

  goOn(): void {
    this.#isHeld = false;
  }

  /** From now on moves in the tables are told as they happen. */
  hurry(): void {
    this.tables.hurry();
    this.moving.hurry();
  }

  async stopSteering(): Promise<void> {
    const control = this.#control;
    this.#control = null;
    await control?.close();
  }

  /** What only watches. */
  async close(): Promise<void> {
    const followers = this.#followers.map((follower) => follower.stop());
    await Promise.allSettled([...followers, this.tables.close(), this.moving.close()]);
  }

  async #cover(fresh: readonly MovingMac[]): Promise<void> {
    const { placement, vm, destination } = this.run;
    placement.carry(vm.name, { macs: [...this.moving.macs, ...fresh] });
    await destination.path.converge();
    const more = await this.redirects.standBy(fresh);
    await this.tables.follow(fresh);
    // Frames are being sent ahead by now, by those that stood ready then.
    if (this.#isHeld) {
      await closeAll(more);
      return;
    }
    this.redirects.add(more);
    this.moving.take(fresh);
  }

  /** By the hypervisors' own time stamps. */
  async #followSwitch(): Promise<void> {
    const { source, destination, domain, switchover, clocks, journal } = this.run;
    const ends = [
      { host: source, where: 'source' },
      { host: destination, where: 'destination' },
    ] as const;
    const followers = ends.map(({ host, where }) =>
      host.vms.followRunState(domain, (change) => {
        const { kind, atMs: hostMs } = change;
        if (kind === 'disk began' || kind === 'disk in sync' || kind === 'disk ended') {
          if (where === 'source') this.disks.hear(change);
          return;
        }
        const atMs = clocks.byController(host.name, hostMs);
        if (kind === 'post-copy began') {
          switchover.apply({ kind, atMs });
          return;
        }
        if (kind === 'resumed') {
          journal.guestResumed(host.name, atMs);
          switchover.apply({ kind, atMs, where });
          return;
        }
        // At the destination it stands still until it has its memory.
        if (where === 'destination') return;
        journal.guestPaused(host.name, atMs);
        switchover.apply({ kind, atMs });
        this.hurry();
      }),
    );
    const opened = await Promise.allSettled(followers);
    this.#followers = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = opened.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
