/** What a follower told of one table's entry for a MAC. */
export interface TableMove {
  /** null: it was there when the follower began. */
  readonly atMs: number | null;
  /** null: the entry went. */
  readonly place: string | null;
}

/** When the table had its last change to `place`; null where it was never seen to, or has changed again since. */
export function settledMove(moves: readonly TableMove[], place: string | null): number | null {
  return lastChangeTo(moves, place)?.atMs ?? null;
}

/** The first of the last reports in a row that say `place`: repetitions are no changes. */
export function lastChangeTo<Move extends TableMove>(moves: readonly Move[], place: string | null): Move | null {
  let found: Move | null = null;
  for (const move of [...moves].reverse()) {
    if (move.place !== place) break;
    found = move;
  }
  return found;
}

/** How often the MAC was at another place than before. An entry that went and came back as it was has not moved. */
export function countMoves(moves: readonly TableMove[]): number {
  const places = moves.flatMap(({ place }) => place ?? []);
  return places.filter((place, index) => index > 0 && place !== places[index - 1]).length;
}
