import type { BridgeColumns, OvsChange, PortColumns } from './host-plan.js';
import type { Switching } from './switching.js';

/**
 * The same changes as {@link ovsTransaction} writes, as the sub-commands of one ovs-vsctl(8), each with its arguments:
 * joined by `--` they are one transaction too.
 */
export function ovsVsctl(changes: readonly OvsChange[]): string[][] {
  return changes.flatMap(subCommands);
}

function subCommands(change: OvsChange): string[][] {
  switch (change.kind) {
    case 'add-bridge':
      return [['add-br', change.bridge], ...setBridge(change.bridge, change.columns, 'new')];
    case 'set-bridge':
      return setBridge(change.bridge, change.columns, 'there');
    case 'delete-bridge':
      return [['del-br', change.bridge]];
    case 'add-port':
      return [['add-port', change.bridge, change.port], ...setPort(change.port, change.columns, 'new')];
    case 'set-port':
      return setPort(change.port, change.columns, 'there');
    case 'delete-port':
      return [['del-port', change.bridge, change.port]];
  }
}

/** Columns of a new row that hold nothing need not be said; those of one that is there do. */
type Row = 'new' | 'there';

function setBridge(bridge: string, columns: BridgeColumns, row: Row): string[][] {
  const tables = Object.entries(columns.tableNames).map(([number, name]) => ({
    number,
    name,
    // Of all rows that one command makes, with other bridges' too.
    id: `@${bridge}.${number}`,
  }));
  return [
    ...tables.map(({ name, id }) => [`--id=${id}`, 'create', 'Flow_Table', `name=${atom(name)}`]),
    [
      'set',
      'Bridge',
      bridge,
      `datapath_type=${atom(columns.datapathType)}`,
      ...optional('fail_mode', columns.failMode, row),
      ...map('external_ids', columns.externalIds, row),
      ...map('other_config', columns.otherConfig, row),
      ...(tables.length > 0 || row === 'there'
        ? [`flow_tables={${tables.map(({ number, id }) => `${number}=${id}`).join(',')}}`]
        : []),
    ],
    ...(row === 'new' ? [] : setSwitching(bridge, columns.switching)),
    ...(columns.mtuRequest === null && row === 'new'
      ? []
      : [['set', 'Interface', bridge, ...optional('mtu_request', columns.mtuRequest, row)]]),
  ];
}

function setSwitching(bridge: string, { controllers, stp, rstp, multicastSnooping, protocols }: Switching): string[][] {
  const settings = [`stp_enable=${stp}`, `rstp_enable=${rstp}`, `mcast_snooping_enable=${multicastSnooping}`];
  return [
    ['set', 'Bridge', bridge, ...settings, `protocols=[${protocols.map(atom).join(',')}]`],
    controllers.length === 0 ? ['del-controller', bridge] : ['set-controller', bridge, ...controllers],
  ];
}

function setPort(port: string, columns: PortColumns, row: Row): string[][] {
  return [
    ['set', 'Port', port, ...map('external_ids', columns.externalIds, row)],
    [
      'set',
      'Interface',
      port,
      ...(columns.type === '' && row === 'new' ? [] : [`type=${atom(columns.type)}`]),
      ...map('options', columns.options, row),
      ...optional('ofport_request', columns.ofportRequest, row),
      ...map('external_ids', columns.externalIds, row),
    ],
  ];
}

function optional(column: string, value: string | number | null, row: Row): string[] {
  if (value !== null) return [`${column}=${atom(String(value))}`];
  return row === 'new' ? [] : [`${column}=[]`];
}

/** Replaces the map whole, as the transaction does. */
function map(column: string, entries: Readonly<Record<string, string>>, row: Row): string[] {
  const pairs = Object.entries(entries).map(([key, value]) => `${atom(key)}=${atom(value)}`);
  return pairs.length === 0 && row === 'new' ? [] : [`${column}={${pairs.join(',')}}`];
}

/**
 * A bare word ends at any of `:=,[]{}!<>` and blanks (ovs-vsctl(8), "Database Values"); all else stands as a JSON
 * string.
 */
function atom(text: string): string {
  return /^[A-Za-z0-9_.@-]+$/.test(text) ? text : JSON.stringify(text);
}
