/** A migration that is to be made, with what its duration hangs on. */
export interface Move {
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  readonly memoryBytes: number;
  /** What it may use at most; null: all there is. */
  readonly bandwidthBytesPerSecond: number | null;
  /** What the guest writes; null: not known. */
  readonly dirtyBytesPerSecond: number | null;
  /** Links on its way whose rate is known, by a name for each direction. */
  readonly links: readonly Link[];
}

export interface Link {
  readonly name: string;
  readonly bytesPerSecond: number;
}

export interface ScheduledMove {
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  /** Those that must have ended before it begins. */
  readonly after: readonly string[];
  /** Why it waits for them; empty: it does not wait. */
  readonly why: string;
}

/** By default as many VMs leave a host, or come to one, at a time. */
export const MOVES_PER_HOST = 2;

/** What a migration takes besides its memory. Only an order hangs on it, no limit of time. */
const OVERHEAD_SECONDS = 4;

/** A resource that only so many may use at a time; a slot knows who had it last. */
interface Slots {
  readonly why: string;
  readonly slots: { freeAt: number; last: string | null }[];
}

/**
 * The order of migrations: in the order of the file, as many at a time as hosts and links take. Pure. Who waits for
 * whom is fixed here, by estimated durations, so that a plan can say it; how long each really takes changes nothing of
 * it.
 *
 * @param perHost how many may leave a host, and how many come to one, at a time
 */
export function schedule(moves: readonly Move[], perHost: number): ScheduledMove[] {
  const resources = new Map<string, Slots>();
  const hostWhy = perHost === 1 ? 'one at a time' : `${perHost} at a time for a host`;
  const busy = busyLinks(moves);
  const slotsOf = (name: string, count: number, why: string): Slots => {
    const found = resources.get(name) ?? {
      why,
      slots: Array.from({ length: count }, () => ({ freeAt: 0, last: null })),
    };
    resources.set(name, found);
    return found;
  };
  return moves.map((move) => {
    const { vm, from, to } = move;
    const shared = move.links.filter(({ name }) => busy.has(name));
    const needed = [
      slotsOf(`out of ${from}`, perHost, hostWhy),
      slotsOf(`into ${to}`, perHost, hostWhy),
      ...shared.map(({ name }) => slotsOf(name, 1, `one after the other is quicker ${name}`)),
    ];
    const taken = needed.map(({ why, slots }) => {
      const slot = slots.reduce((best, one) => (one.freeAt < best.freeAt ? one : best));
      return { why, slot };
    });
    const waits = taken.filter(({ slot }) => slot.last !== null);
    const after = [...new Set(waits.flatMap(({ slot }) => slot.last ?? []))];
    const why = [...new Set(waits.map((one) => one.why))].join(', ');
    const beginsAt = Math.max(0, ...taken.map(({ slot }) => slot.freeAt));
    const endsAt = beginsAt + secondsOf(move, 1);
    for (const { slot } of taken) Object.assign(slot, { freeAt: endsAt, last: vm });
    return { vm, from, to, after, why };
  });
}

/** Links on which their migrations are over sooner when they go one after the other. */
function busyLinks(moves: readonly Move[]): Set<string> {
  const names = new Set(moves.flatMap(({ links }) => links.map(({ name }) => name)));
  return new Set(
    [...names].filter((name) => isQuickerAlone(moves.filter(({ links }) => links.some((one) => one.name === name)))),
  );
}

/**
 * Migrations that share a link have less of it each, and the longer a copy takes, the more has to be sent again. What
 * is not known of a guest's writing counts as nothing: then to share costs nothing.
 */
export function isQuickerAlone(moves: readonly Move[]): boolean {
  if (moves.length < 2) return false;
  const alone = moves.reduce((sum, move) => sum + secondsOf(move, 1), 0);
  const together = Math.max(...moves.map((move) => secondsOf(move, moves.length)));
  return alone < together;
}

/** With an n-th of each link. Passes become shorter by the share that is dirtied meanwhile (a geometric series). */
function secondsOf(
  { memoryBytes, bandwidthBytesPerSecond, dirtyBytesPerSecond, links }: Move,
  sharedBy: number,
): number {
  const speeds = [
    bandwidthBytesPerSecond ?? Number.POSITIVE_INFINITY,
    ...links.map((link) => link.bytesPerSecond / sharedBy),
  ];
  const left = Math.min(...speeds) - (dirtyBytesPerSecond ?? 0);
  if (left <= 0) return Number.POSITIVE_INFINITY;
  return OVERHEAD_SECONDS + memoryBytes / left;
}
