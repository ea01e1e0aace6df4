import { byName, byUuid, insert, type Operation, rowName, type Transaction, update } from '../ovsdb/operations.js';
import { mapOf, type Row } from '../ovsdb/value.js';
import { addBridge, addPort, deleteBridge, deletePort, flowTables } from '../ovsdb/vswitch.js';
import type { BridgeColumns, OvsChange, PortColumns } from './host-plan.js';

/** One transaction for all changes of a host: it takes effect whole or not at all. */
export function ovsTransaction(changes: readonly OvsChange[]): Transaction {
  const names = [...new Set(changes.map((change) => ('port' in change ? change.port : change.bridge)))];
  return { intent: `vxmig: ${names.join(', ')}`, operations: changes.flatMap(operationsFor) };
}

function operationsFor(change: OvsChange): Operation[] {
  switch (change.kind) {
    case 'add-bridge':
      return addBridge(change.bridge, bridgeRow(change.columns), {
        tableNames: change.columns.tableNames,
        localPort: localPortRow(change.columns),
      });
    case 'set-bridge': {
      const tables = flowTables(change.bridge, change.columns.tableNames);
      const others = controllers(change.bridge, { targets: change.columns.switching.controllers });
      const row = { ...bridgeRow(change.columns), flow_tables: tables.column, controller: others.column };
      return [
        ...tables.operations,
        ...others.operations,
        update('Bridge', byUuid(change.uuid), row),
        update('Interface', byName(change.bridge), localPortRow(change.columns)),
      ];
    }
    case 'delete-bridge':
      return deleteBridge(change.uuid);
    case 'add-port':
      return addPort(
        change.bridge,
        change.port,
        { external_ids: mapOf(change.columns.externalIds) },
        interfaceRow(change.columns),
      );
    case 'set-port':
      return [
        update('Port', byUuid(change.uuid), { external_ids: mapOf(change.columns.externalIds) }),
        update('Interface', byUuid(change.interfaceUuid), interfaceRow(change.columns)),
      ];
    case 'delete-port':
      return deletePort(change.bridge, change.uuid);
  }
}

/** A controller is a row of its own, which goes when no bridge refers to it any more. */
function controllers(bridge: string, { targets }: { targets: readonly string[] }) {
  const rows = targets.map((target, index) => ({ target, row: rowName('controller', `${bridge}.${index}`) }));
  return {
    operations: rows.map(({ target, row }) => insert('Controller', { target }, row.named)),
    column: rows.map(({ row }) => row),
  };
}

function bridgeRow(columns: BridgeColumns): Row {
  const { stp, rstp, multicastSnooping, protocols } = columns.switching;
  return {
    stp_enable: stp,
    rstp_enable: rstp,
    mcast_snooping_enable: multicastSnooping,
    protocols,
    datapath_type: columns.datapathType,
    fail_mode: columns.failMode === null ? [] : columns.failMode,
    external_ids: mapOf(columns.externalIds),
    other_config: mapOf(columns.otherConfig),
  };
}

function localPortRow({ mtuRequest }: BridgeColumns): Row {
  return { mtu_request: mtuRequest === null ? [] : mtuRequest };
}

/** The marks stand on the interface too: other tools (and `ovs-vsctl find interface`) look there. */
function interfaceRow(columns: PortColumns): Row {
  return {
    type: columns.type,
    options: mapOf(columns.options),
    ofport_request: columns.ofportRequest === null ? [] : columns.ofportRequest,
    external_ids: mapOf(columns.externalIds),
  };
}
