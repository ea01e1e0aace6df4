import { formatCount } from '../model/quantities.js';
import type { FdbFollower, VmNic } from '../network/path.js';
import {
  knownMacs,
  type LeftMac,
  type MovingMac,
  macsOfNic,
  mayCarry,
  movingMacs,
  type SeenMac,
} from '../plan/moving-macs.js';
import type { Run } from './migration.js';

/** One of the VM's NICs, with the MACs that move with it. */
export interface MovingNic {
  readonly nic: VmNic;
  readonly macs: readonly string[];
}

/** Which MACs move with the VM: its own, and those of whoever is behind its NICs, who may come and go. */
export class MovingMacs {
  /** The VM's own MACs, and from `find` on those of whoever is behind its NICs. */
  #macs: readonly MovingMac[];
  /** MACs that may be at the VM and for which the whole of what is promised does not hold, and why. */
  #left: readonly LeftMac[] = [];
  /** The source's tables, by network, where anybody can be behind the VM's NIC. */
  readonly #seen = new Map<string, Map<string, SeenMac>>();
  readonly #followers: FdbFollower[] = [];

  constructor(private readonly run: Run) {
    this.#macs = knownMacs(run.topology, run.vm);
  }

  get macs(): readonly MovingMac[] {
    return this.#macs;
  }

  get left(): readonly LeftMac[] {
    return this.#left;
  }

  /** @param macs left out: all that move */
  byNic(macs: readonly MovingMac[] = this.#macs): MovingNic[] {
    const { vm } = this.run;
    return vm.nics.flatMap(({ network }, index) => {
      const its = macsOfNic(macs, index);
      return its.length === 0 ? [] : [{ nic: { vm: vm.name, index, network }, macs: its }];
    });
  }

  /** Reads who is behind the VM's NICs, and from then on hears of whoever joins them. */
  async find(): Promise<void> {
    const { vm, source } = this.run;
    const networks = [...new Set(vm.nics.map(({ network }) => network))].filter((network) => mayCarry(vm, network));
    await Promise.all(
      networks.map(async (network) => {
        const table = new Map<string, SeenMac>();
        this.#seen.set(network, table);
        // The entry that decides comes first.
        for (const entry of await source.path.fdb(network)) if (!table.has(entry.mac)) table.set(entry.mac, entry);
        this.#followers.push(await source.path.followLearning(network, (entry) => table.set(entry.mac, entry)));
      }),
    );
    const { moving, left } = this.#now();
    this.#macs = moving;
    this.#left = left;
    const others = moving.filter(({ origin }) => origin !== 'nic');
    if (others.length > 0) this.#note(others, 'moves too: it is behind a NIC');
  }

  /** Who has joined since. */
  newcomers(): MovingMac[] {
    return this.#now().moving.filter(
      ({ mac, network }) => !this.#macs.some((known) => known.mac === mac && known.network === network),
    );
  }

  /** All that is done for the others has been done for these as well. */
  take(fresh: readonly MovingMac[]): void {
    this.#macs = [...this.#macs, ...fresh];
    this.#note(fresh, 'moves too, since it has come behind a NIC');
  }

  /**
   * Whoever has come too late to be made ready for still is announced, and its tables are looked at; that its frames
   * were not sent ahead is told.
   */
  takeLatecomers(): void {
    const late = this.newcomers();
    if (late.length === 0) return;
    this.#macs = [...this.#macs, ...late];
    if (this.run.options.redirect) {
      const why =
        'it was first heard when the copy was at its end: until it was announced, frames for it may have been lost';
      this.#left = [...this.#left, ...late.map(({ network, mac }) => ({ network, mac, why }))];
    }
    this.#note(late, 'came too late to be sent ahead');
  }

  /**
   * Whoever has been heard elsewhere by now has left, and must not be announced here. The guest still runs at the
   * source.
   */
  letGo(): void {
    const still = this.#now().moving;
    const gone = this.#macs.filter(
      ({ mac, network }) => !still.some((one) => one.mac === mac && one.network === network),
    );
    if (gone.length === 0) return;
    this.#macs = this.#macs.filter((one) => !gone.includes(one));
    this.#note(gone, 'is not behind the VM any more');
  }

  hurry(): void {
    for (const follower of this.#followers) follower.hurry();
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#followers.map((follower) => follower.stop()));
  }

  #now() {
    const seen = [...this.#seen].map(([network, table]) => [network, [...table.values()]] as const);
    return movingMacs(this.run.topology, this.run.vm, new Map(seen));
  }

  #note(macs: readonly MovingMac[], what: string): void {
    const list = macs.map(({ mac }) => mac).join(', ');
    const { journal, source } = this.run;
    journal.note(source.name, Date.now(), `${formatCount(macs.length, 'MAC')} (${list}) ${what}`);
  }
}
