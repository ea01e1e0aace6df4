import { commit } from './commit.js';
import type { Connection } from './connection.js';
import { select, transaction } from './operations.js';
import { asUuids, type Row } from './value.js';

/** Table → columns. */
export type Columns = Readonly<Record<string, readonly string[]>>;

/** Table → UUID → row. */
export type Tables<Wanted extends Columns = Columns> = {
  readonly [Table in keyof Wanted]: ReadonlyMap<string, Row>;
};

/**
 * Reads those columns of whole tables as they are at one instant. Throws OvsdbError where a table or column is unknown.
 */
export async function selectTables<const Wanted extends Columns>(
  connection: Connection,
  db: string,
  wanted: Wanted,
): Promise<Tables<Wanted>> {
  const tables = Object.keys(wanted);
  const selects = tables.map((table) => select(table, [], ['_uuid', ...(wanted[table] ?? [])]));
  const results = await commit(connection, db, transaction(`read ${tables.join(', ')}`, ...selects));
  const entries = tables.map((table, index) => [table, byUuid(results[index]?.rows ?? [])]);
  return Object.fromEntries(entries) as Tables<Wanted>;
}

function byUuid(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map(({ _uuid, ...row }) => [asUuids(_uuid)[0] ?? '', row]));
}
