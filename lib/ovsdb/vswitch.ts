import { byName, insert, mutate, type Operation, rowName } from './operations.js';
import type { Atom, Row } from './value.js';

/** The name of the database that ovs-vswitchd lives by; ovs-vswitchd.conf.db(5) describes its tables. */
export const OPEN_VSWITCH = 'Open_vSwitch';

/**
 * A bridge with its local port, whose interface gets the columns of `localPort`. `tableNames` gives OpenFlow tables
 * their names (number → name), which `ovs-ofctl --names` speaks then.
 */
export function addBridge(
  name: string,
  columns: Row,
  { tableNames = {}, localPort = {} }: { tableNames?: Readonly<Record<string, string>>; localPort?: Row } = {},
): Operation[] {
  const bridge = rowName('bridge', name);
  const tables = flowTables(name, tableNames);
  return [
    ...tables.operations,
    ...insertPort(name, {}, { ...localPort, type: 'internal' }),
    insert('Bridge', { ...columns, name, ports: [rowName('port', name)], flow_tables: tables.column }, bridge.named),
    mutate('Open_vSwitch', [], [['bridges', 'insert', [bridge]]]),
  ];
}

/** The rows that name a bridge's tables, and the value of its `flow_tables` column that refers to them. */
export function flowTables(
  bridge: string,
  tableNames: Readonly<Record<string, string>>,
): { operations: Operation[]; column: ReadonlyMap<Atom, Atom> } {
  const rows = Object.entries(tableNames).map(([number, name]) => ({
    number: Number(number),
    name,
    row: rowName('table', `${bridge}.${number}`),
  }));
  return {
    operations: rows.map(({ name, row }) => insert('Flow_Table', { name }, row.named)),
    column: new Map<Atom, Atom>(rows.map(({ number, row }) => [number, row])),
  };
}

/** The row and all its ports are collected by the database, because nothing refers to them any more. */
export function deleteBridge(uuid: string): Operation[] {
  return [mutate('Open_vSwitch', [], [['bridges', 'delete', [{ uuid }]]])];
}

/** A port with one interface of the same name. The bridge may be one that this transaction adds before. */
export function addPort(bridge: string, name: string, port: Row, iface: Row): Operation[] {
  return [
    ...insertPort(name, port, iface),
    mutate('Bridge', byName(bridge), [['ports', 'insert', [rowName('port', name)]]]),
  ];
}

export function deletePort(bridge: string, portUuid: string): Operation[] {
  return [mutate('Bridge', byName(bridge), [['ports', 'delete', [{ uuid: portUuid }]]])];
}

function insertPort(name: string, port: Row, iface: Row): Operation[] {
  const interfaceRow = rowName('interface', name);
  return [
    insert('Interface', { ...iface, name }, interfaceRow.named),
    insert('Port', { ...port, name, interfaces: [interfaceRow] }, rowName('port', name).named),
  ];
}
