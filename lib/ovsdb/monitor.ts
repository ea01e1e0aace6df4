import type { Connection } from './connection.js';
import { OvsdbError } from './errors.js';
import type { Columns, Tables } from './select.js';
import { decodeRow, type Row } from './value.js';
import type { Json } from './wire.js';

/** One row that came, went or is different now. */
export interface RowChange {
  readonly table: string;
  readonly uuid: string;
  /** null: the row is new. */
  readonly before: Row | null;
  /** null: the row is gone. */
  readonly after: Row | null;
}

let monitors = 0;

/**
 * Keeps a copy of some tables. This is the `monitor` of RFC 7047 §4.1.5, which every server has, and not the newer
 * `monitor_cond`: that one sends sets and maps as differences, which take the schema to be applied.
 */
export class TableMonitor<Wanted extends Columns = Columns> {
  readonly #connection: Connection;
  readonly #id: string;
  readonly #tables: Map<string, Map<string, Row>>;
  readonly #listeners = new Set<(changes: readonly RowChange[]) => void>();
  readonly #stop: () => void;
  /** Updates that come before the answer to our request are newer than it: they wait here. null: it is there. */
  #early: Json[] | null = [];

  private constructor(connection: Connection, wanted: Wanted) {
    this.#connection = connection;
    this.#id = `monitor-${++monitors}`;
    this.#tables = new Map(Object.keys(wanted).map((table) => [table, new Map()]));
    this.#stop = connection.subscribe(({ method, params: [id, updates] }) => {
      if (method !== 'update' || id !== this.#id || updates === undefined) return;
      if (this.#early === null) this.#apply(updates);
      else this.#early.push(updates);
    });
  }

  /** Resolves when the copy is there. Throws OvsdbError where a table or column is unknown. */
  static async start<const Wanted extends Columns>(
    connection: Connection,
    db: string,
    wanted: Wanted,
  ): Promise<TableMonitor<Wanted>> {
    const monitor = new TableMonitor(connection, wanted);
    try {
      const requests = Object.fromEntries(Object.entries(wanted).map(([table, columns]) => [table, { columns }]));
      const initial = await connection.call('monitor', [db, monitor.#id, requests]);
      const early = monitor.#early ?? [];
      monitor.#early = null;
      for (const updates of [initial, ...early]) monitor.#apply(updates);
    } catch (error) {
      monitor.#stop();
      throw error;
    }
    return monitor;
  }

  /** The copy as it is now; it goes on changing. After the session's end it is the last that was known. */
  get tables(): Tables<Wanted> {
    return Object.fromEntries(this.#tables) as unknown as Tables<Wanted>;
  }

  /** The changes of one transaction come together. Until the function that it returns is called. */
  onChange(listener: (changes: readonly RowChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The first value that is not null; asked now and after every change. Throws OvsdbError after `timeoutMs`, or when
   * the session ends.
   */
  async until<Found>(what: string, look: (tables: Tables<Wanted>) => Found | null, timeoutMs: number): Promise<Found> {
    const now = look(this.tables);
    if (now !== null) return now;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        stop();
        settle();
      };
      const timer = setTimeout(
        () => finish(() => reject(new OvsdbError(`${what}: not within ${timeoutMs} ms`))),
        timeoutMs,
      );
      const stop = this.onChange(() => {
        try {
          const found = look(this.tables);
          if (found !== null) finish(() => resolve(found));
        } catch (error) {
          finish(() => reject(error));
        }
      });
      void this.#connection.closed.then((reason) => finish(() => reject(reason)));
    });
  }

  async cancel(): Promise<void> {
    this.#stop();
    this.#listeners.clear();
    await this.#connection.call('monitor_cancel', [this.#id]);
  }

  #apply(updates: Json): void {
    const changes: RowChange[] = [];
    for (const [table, rows] of Object.entries(objectOf(updates))) {
      const known = this.#tables.get(table);
      if (known === undefined) continue;
      for (const [uuid, update] of Object.entries(objectOf(rows))) {
        // `new` is the whole row; a row without it is gone.
        const { new: json } = objectOf(update);
        const change = {
          table,
          uuid,
          before: known.get(uuid) ?? null,
          after: json === undefined ? null : decodeRow(json),
        };
        if (change.after === null) known.delete(uuid);
        else known.set(uuid, change.after);
        changes.push(change);
      }
    }
    if (changes.length > 0) for (const listener of [...this.#listeners]) listener(changes);
  }
}

function objectOf(json: Json): Readonly<Record<string, Json>> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Readonly<Record<string, Json>>;
  throw new OvsdbError('the database server sent an update that is none');
}
