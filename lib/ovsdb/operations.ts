import { encodeRow, encodeValue, type NamedUuid, named, type Row, type Value } from './value.js';
import type { Json } from './wire.js';

/** RFC 7047 §5.1: `['name', '==', 'br0']`. */
export type Condition = readonly [
  column: string,
  test: '==' | '!=' | '<' | '<=' | '>' | '>=' | 'includes' | 'excludes',
  value: Value,
];
export type Mutation = readonly [column: string, mutator: '+=' | '-=' | 'insert' | 'delete', value: Value];

/** One operation of a transaction (RFC 7047 §5.2), as pure data. */
export type Operation =
  | { readonly op: 'insert'; readonly table: string; readonly row: Row; readonly name?: string }
  | ({ readonly op: 'update'; readonly table: string; readonly where: Where; readonly row: Row } & Expectation)
  | ({
      readonly op: 'mutate';
      readonly table: string;
      readonly where: Where;
      readonly mutations: readonly Mutation[];
    } & Expectation)
  | ({ readonly op: 'delete'; readonly table: string; readonly where: Where } & Expectation)
  | { readonly op: 'select'; readonly table: string; readonly where: Where; readonly columns: readonly string[] }
  | {
      readonly op: 'wait';
      readonly table: string;
      readonly where: Where;
      readonly columns: readonly string[];
      readonly until: '==' | '!=';
      readonly rows: readonly Row[];
      readonly timeoutMs: number;
    }
  | { readonly op: 'comment'; readonly comment: string }
  | { readonly op: 'assert'; readonly lock: string }
  | { readonly op: 'abort' };

/** Empty: every row. */
export type Where = readonly Condition[];

/** By itself the database calls it a success when nothing matched; `commit` does not, unless this says so. */
export interface Expectation {
  readonly mayMatchNothing?: boolean;
}

/** Operations that belong together, and what they are for: the words that errors and the database's log show. */
export interface Transaction {
  readonly intent: string;
  readonly operations: readonly Operation[];
}

export function transaction(intent: string, ...operations: readonly Operation[]): Transaction {
  return { intent, operations };
}

/** With a `name`, other operations of the transaction refer to the row by `named(name)`. */
export function insert(table: string, row: Row, name?: string): Operation {
  return { op: 'insert', table, row, ...(name === undefined ? {} : { name }) };
}

export function update(table: string, where: Where, row: Row, expectation: Expectation = {}): Operation {
  return { op: 'update', table, where, row, ...expectation };
}

export function mutate(
  table: string,
  where: Where,
  mutations: readonly Mutation[],
  expectation: Expectation = {},
): Operation {
  return { op: 'mutate', table, where, mutations, ...expectation };
}

/** Called so because `delete` is a word of the language. */
export function deleteRows(table: string, where: Where, expectation: Expectation = {}): Operation {
  return { op: 'delete', table, where, ...expectation };
}

export function select(table: string, where: Where, columns: readonly string[]): Operation {
  return { op: 'select', table, where, columns };
}

export interface WaitOptions {
  readonly table: string;
  readonly where: Where;
  readonly columns: readonly string[];
  readonly until: '==' | '!=';
  readonly rows: readonly Row[];
  /** 0: fails at once where it is not so already. */
  readonly timeoutMs: number;
}

/** The transaction goes on only when those columns of the matching rows are (or are not) `rows`. */
export function wait(options: WaitOptions): Operation {
  return { op: 'wait', ...options };
}

export function comment(text: string): Operation {
  return { op: 'comment', comment: text };
}

/** The transaction takes effect only while the session has the lock (RFC 7047 §5.2.10). */
export function assertLock(lock: string): Operation {
  return { op: 'assert', lock };
}

export function abort(): Operation {
  return { op: 'abort' };
}

export function byUuid(uuid: string): Where {
  return [['_uuid', '==', { uuid }]];
}

export function byName(name: string): Where {
  return [['name', '==', name]];
}

/** A row name that the database takes for any text (RFC 7047 §3.1, `<id>`), the same for the same text. */
export function rowName(kind: string, text: string): NamedUuid {
  return named(
    `${kind}_${[...text].map((c) => (/[a-z0-9]/i.test(c) ? c : `_${c.codePointAt(0)?.toString(16)}_`)).join('')}`,
  );
}

export function encodeOperation(operation: Operation): Json {
  switch (operation.op) {
    case 'insert': {
      const { op, table, row, name } = operation;
      return { op, table, row: encodeRow(row), ...(name === undefined ? {} : { 'uuid-name': name }) };
    }
    case 'update':
      return { op: 'update', ...target(operation), row: encodeRow(operation.row) };
    case 'mutate':
      return { op: 'mutate', ...target(operation), mutations: operation.mutations.map(encodeTriple) };
    case 'delete':
      return { op: 'delete', ...target(operation) };
    case 'select':
      return { op: 'select', ...target(operation), columns: operation.columns };
    case 'wait': {
      const { columns, until, rows, timeoutMs } = operation;
      return { op: 'wait', timeout: timeoutMs, ...target(operation), columns, until, rows: rows.map(encodeRow) };
    }
    case 'comment':
      return { op: 'comment', comment: operation.comment };
    case 'assert':
      return { op: 'assert', lock: operation.lock };
    case 'abort':
      return { op: 'abort' };
  }
}

function target(operation: { readonly table: string; readonly where: Where }): { table: string; where: Json } {
  return { table: operation.table, where: operation.where.map(encodeTriple) };
}

function encodeTriple([column, word, value]: Condition | Mutation): Json {
  return [column, word, encodeValue(value)];
}

/** For errors: `mutate Bridge where name == br0`. */
export function describeOperation(operation: Operation): string {
  if (!('table' in operation)) return operation.op;
  if (operation.op === 'insert') return `insert into ${operation.table}`;
  const where = operation.where.map(
    ([column, test, value]) => `${column} ${test} ${JSON.stringify(encodeValue(value))}`,
  );
  return [`${operation.op} ${operation.table}`, ...(where.length === 0 ? [] : ['where', where.join(' and ')])].join(
    ' ',
  );
}
