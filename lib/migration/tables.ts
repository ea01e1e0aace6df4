import type { FdbFollower, FdbMove } from '../network/path.js';
import type { MovingMac } from '../plan/moving-macs.js';
import type { Run } from './migration.js';

/** What every host's forwarding table has of the MACs that move, as it changes. Times by the controller's clock. */
export class TableWatch {
  /** By key; what was there at the start comes first. */
  readonly #moves = new Map<string, FdbMove[]>();
  readonly #followers: { readonly keys: readonly string[]; readonly follower: FdbFollower }[] = [];

  constructor(private readonly run: Run) {}

  /** From now on: one follower for each host and network. */
  async follow(macs: readonly MovingMac[]): Promise<void> {
    const { hosts, clocks, journal } = this.run;
    const networks = [...new Set(macs.map(({ network }) => network))];
    const tables = networks.flatMap((network) => hosts.map((host) => ({ network, host })));
    await Promise.all(
      tables.map(async ({ network, host }) => {
        const its = macs.filter((each) => each.network === network).map(({ mac }) => mac);
        const keys = its.map((mac) => keyOf(host.name, network, mac));
        for (const key of keys) this.#moves.set(key, this.#moves.get(key) ?? []);
        const follower = await host.path.followFdb(network, its, (mac, move) => {
          const atMs = move.atMs === null ? null : clocks.byController(host.name, move.atMs);
          this.#moves.get(keyOf(host.name, network, mac))?.push({ ...move, atMs });
          if (atMs !== null) journal.tableMoved(host.name, atMs, mac, move.place);
        });
        this.#followers.push({ keys, follower });
      }),
    );
  }

  moves(host: string, network: string, mac: string): readonly FdbMove[] {
    return this.#moves.get(keyOf(host, network, mac)) ?? [];
  }

  /** Why moves of that entry may be missing; null: none is. */
  gap(host: string, network: string, mac: string): string | null {
    const key = keyOf(host, network, mac);
    const found = this.#followers.find(({ keys }) => keys.includes(key));
    return found === undefined ? 'it was not followed' : found.follower.gap();
  }

  /** From now on moves are told as they happen. */
  hurry(): void {
    for (const { follower } of this.#followers) follower.hurry();
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#followers.map(({ follower }) => follower.stop()));
  }
}

function keyOf(host: string, network: string, mac: string): string {
  return `${host} ${network} ${mac}`;
}
