import type { Connection } from './connection.js';
import { OvsdbError } from './errors.js';
import {
  byUuid,
  comment,
  describeOperation,
  encodeOperation,
  mutate,
  type Operation,
  select,
  type Transaction,
  wait,
} from './operations.js';
import { asNumber, asString, decodeRow, type Row } from './value.js';
import type { Json } from './wire.js';

export interface CommitOptions {
  /**
   * For Open_vSwitch: waits until ovs-vswitchd has taken up this change (its cur_cfg reaches our next_cfg), at most so
   * long. Absent: the change stands in the database, and nothing is known of the switch.
   */
  readonly waitForSwitchMs?: number;
}

/** What one operation did; by the operation's place in the transaction. */
export interface OperationResult {
  /** UUID of the inserted row. */
  readonly inserted: string | null;
  /** How many rows an update, mutate or delete touched. */
  readonly count: number | null;
  /** What a select found. */
  readonly rows: readonly Row[];
}

/** What the server adds to our patience in `wait` operations. */
const NETWORK_SLACK_MS = 10_000;

/**
 * Commits a transaction and checks every result; it is done as a whole or not at all. Throws OvsdbError that names the
 * intent and the operation, also where the database alone would call it a success: an update, mutate or delete that
 * matched no row (unless `mayMatchNothing`), and an inserted row that was collected at once because nothing refers to
 * it.
 */
export async function commit(
  connection: Connection,
  db: string,
  transaction: Transaction,
  options: CommitOptions = {},
): Promise<readonly OperationResult[]> {
  const { intent, operations } = transaction;
  const asksSwitch = options.waitForSwitchMs !== undefined;
  const extra: Operation[] = asksSwitch
    ? [mutate('Open_vSwitch', [], [['next_cfg', '+=', 1]]), select('Open_vSwitch', [], ['next_cfg'])]
    : [];
  const all = [...operations, ...extra, comment(intent)];
  const results = await transact(connection, db, { intent, operations: all });
  await checkInserted(connection, db, transaction, results);
  const nextConfig = asNumber(results[operations.length + 1]?.rows[0]?.next_cfg);
  if (options.waitForSwitchMs !== undefined && nextConfig !== null) {
    await waitForSwitch(connection, db, transaction, nextConfig, options.waitForSwitchMs);
    await checkInterfaces(connection, db, transaction, results);
  }
  return results.slice(0, operations.length);
}

/** Sends one transaction and checks what the database says of each operation. */
async function transact(connection: Connection, db: string, transaction: Transaction): Promise<OperationResult[]> {
  const { intent, operations } = transaction;
  const waitMs = operations.reduce((sum, operation) => sum + (operation.op === 'wait' ? operation.timeoutMs : 0), 0);
  const timeoutMs = waitMs + NETWORK_SLACK_MS;
  const answer = await connection.call('transact', [db, ...operations.map(encodeOperation)], timeoutMs);
  if (!Array.isArray(answer))
    throw new OvsdbError(`${intent}: the database answered with no list of results`, { intent });
  const results = answer as readonly Json[];
  results.forEach((result, index) => {
    if (isObject(result) && typeof result.error === 'string') throw failure(transaction, index, result);
  });
  return operations.map((operation, index) => {
    const result = results[index];
    if (!isObject(result))
      throw new OvsdbError(`${intent}: no result for ${describeOperation(operation)}`, { intent, operation: index });
    // To take no answer for an empty table would be to make anew all that is there.
    if (operation.op === 'select' && !Array.isArray(result.rows))
      throw new OvsdbError(`${intent}: no rows for ${describeOperation(operation)}`, { intent, operation: index });
    const checked = resultOf(result);
    if (checked.count === 0 && !('mayMatchNothing' in operation && operation.mayMatchNothing)) {
      throw new OvsdbError(`${intent}: ${describeOperation(operation)}: there is no such row`, {
        intent,
        operation: index,
      });
    }
    return checked;
  });
}

function resultOf(result: Readonly<Record<string, Json>>): OperationResult {
  const { uuid, count, rows } = result;
  return {
    inserted: Array.isArray(uuid) && typeof uuid[1] === 'string' ? uuid[1] : null,
    count: typeof count === 'number' ? count : null,
    rows: Array.isArray(rows) ? rows.map((row: Json) => decodeRow(row)) : [],
  };
}

/**
 * A result beyond the last operation is that of the commit itself (RFC 7047 §4.1.3): broken references, constraints.
 */
function failure(transaction: Transaction, index: number, result: Readonly<Record<string, Json>>): OvsdbError {
  const { intent, operations } = transaction;
  const operation = operations[index];
  const error = String(result.error);
  const details = typeof result.details === 'string' ? `: ${result.details}` : '';
  const what = operation === undefined ? 'at the end' : describeOperation(operation);
  // A wait whose condition does not hold reads like a slow server.
  const why =
    operation?.op === 'wait' && error === 'timed out' ? 'the database is not as expected' : `${error}${details}`;
  return new OvsdbError(`${intent}: ${what}: ${why}`, {
    intent,
    error,
    ...(operation === undefined ? {} : { operation: index }),
  });
}

/** A row of a table that is no root goes at the end of the transaction when nothing refers to it (RFC 7047 §3.2). */
async function checkInserted(
  connection: Connection,
  db: string,
  { intent, operations }: Transaction,
  results: readonly OperationResult[],
): Promise<void> {
  const inserts = operations.flatMap((operation, index) => {
    const uuid = results[index]?.inserted ?? null;
    return operation.op === 'insert' && uuid !== null ? [{ table: operation.table, uuid, index }] : [];
  });
  if (inserts.length === 0) return;
  const found = await transact(connection, db, {
    intent,
    operations: inserts.map(({ table, uuid }) => select(table, byUuid(uuid), ['_uuid'])),
  });
  inserts.forEach(({ table, index }, i) => {
    if (found[i]?.rows.length !== 0) return;
    throw new OvsdbError(`${intent}: the new row of ${table} is gone again, because no other row refers to it`, {
      intent,
      operation: index,
    });
  });
}

async function waitForSwitch(
  connection: Connection,
  db: string,
  { intent }: Transaction,
  nextConfig: number,
  timeoutMs: number,
): Promise<void> {
  const reached = wait({
    table: 'Open_vSwitch',
    where: [['cur_cfg', '>=', nextConfig]],
    columns: ['cur_cfg'],
    until: '!=',
    rows: [],
    timeoutMs,
  });
  try {
    await transact(connection, db, { intent, operations: [reached] });
  } catch (cause) {
    if (!(cause instanceof OvsdbError) || cause.error !== 'timed out') throw cause;
    throw new OvsdbError(`${intent}: written, but ovs-vswitchd has not taken it up within ${timeoutMs} ms`, {
      intent,
      error: 'timed out',
      hint:
        'Does ovs-vswitchd run there (`ovs-appctl -t ovs-vswitchd version`)? ' +
        '/var/log/openvswitch/ovs-vswitchd.log says what it is busy with.',
      cause,
    });
  }
}

/** The switch takes up a port that it cannot open, too, and says so in the Interface row only. */
async function checkInterfaces(
  connection: Connection,
  db: string,
  { intent, operations }: Transaction,
  results: readonly OperationResult[],
): Promise<void> {
  const inserted = operations.flatMap((operation, index) => {
    const uuid = results[index]?.inserted ?? null;
    return operation.op === 'insert' && operation.table === 'Interface' && uuid !== null ? [{ uuid, index }] : [];
  });
  if (inserted.length === 0) return;
  const found = await transact(connection, db, {
    intent,
    operations: inserted.map(({ uuid }) => select('Interface', byUuid(uuid), ['name', 'error'])),
  });
  inserted.forEach(({ index }, i) => {
    const row = found[i]?.rows[0];
    const error = asString(row?.error);
    if (error === '') return;
    throw new OvsdbError(`${intent}: the switch cannot use the port ${asString(row?.name)}: ${error}`, {
      intent,
      operation: index,
      hint: whyUnusable(error),
    });
  });
}

/** The kernel's words, as the switch passes them on. */
function whyUnusable(error: string): string {
  const log = '/var/log/openvswitch/ovs-vswitchd.log there says more.';
  if (/File exists/.test(error))
    return (
      'Another port does the same already, or another program has its device: `ovs-vsctl show` and `ip -d ' +
      `link\` there show all. ${log}`
    );
  if (/No such device/.test(error)) return `Its device is not there: \`ip link\` lists what is. ${log}`;
  if (/not supported|Invalid argument/.test(error))
    return (
      'The switch can make no port of such a device: take another, or the other datapath (`datapath:` in the ' +
      `topology). ${log}`
    );
  return log.replace(/^/, 'Fix what it names; ');
}

function isObject(json: Json | undefined): json is Readonly<Record<string, Json>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
