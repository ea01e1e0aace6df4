import type { HostShell } from '../../host/connection.js';
import { commit } from '../../ovsdb/commit.js';
import { Connection } from '../../ovsdb/connection.js';
import { OvsdbError } from '../../ovsdb/errors.js';
import { Lock } from '../../ovsdb/lock.js';
import { assertLock, type Mutation, mutate, type Operation } from '../../ovsdb/operations.js';
import { selectTables, type Tables } from '../../ovsdb/select.js';
import { asNumber, asOptional, asSet, asString, asStringMap, asUuids, mapOf, type Row } from '../../ovsdb/value.js';
import { OPEN_VSWITCH } from '../../ovsdb/vswitch.js';
import type { OvsChange } from '../../plan/host-plan.js';
import type { ObservedBridge, ObservedInterface, ObservedPort } from '../../plan/observed.js';
import { ovsTransaction } from '../../plan/ovs-operations.js';

/** One for all topologies on a host: they share its underlay bridge and its VMs' memory. */
const HOST_LOCK = 'vxmig';
const HOLDER_KEY = 'vxmig-lock-holder';

const SOCKET = '/var/run/openvswitch/db.sock';
/** How long ovs-vswitchd may take to put a change into force. */
const SWITCH_TIMEOUT_MS = 30_000;

const COLUMNS = {
  Open_vSwitch: ['ovs_version'],
  Bridge: [
    'name',
    'datapath_type',
    'fail_mode',
    'external_ids',
    'other_config',
    'flow_tables',
    'ports',
    'controller',
    'stp_enable',
    'rstp_enable',
    'mcast_snooping_enable',
    'protocols',
  ],
  Controller: ['target'],
  Port: ['name', 'external_ids', 'interfaces'],
  Interface: ['name', 'type', 'options', 'ofport', 'ofport_request', 'mtu_request', 'error', 'external_ids'],
  Flow_Table: ['name'],
} as const;

export interface SwitchState {
  readonly version: string;
  readonly bridges: readonly Omit<ObservedBridge, 'flows'>[];
}

/** A host's Open vSwitch database, spoken to directly over the forwarded socket. */
export class OvsDatabase {
  #lock: Lock | null = null;

  private constructor(
    readonly host: string,
    readonly connection: Connection,
  ) {}

  static async open(shell: HostShell): Promise<OvsDatabase> {
    return new OvsDatabase(shell.name, await Connection.open(() => shell.openSocket(SOCKET), { where: shell.name }));
  }

  close(): void {
    this.connection.close();
  }

  async read(): Promise<SwitchState> {
    return await this.#told(async () => switchState(await selectTables(this.connection, OPEN_VSWITCH, COLUMNS)));
  }

  /**
   * In one transaction; resolves when ovs-vswitchd has put it into force. @throws OvsdbError, also where our lock has
   * been taken away
   */
  async change(changes: readonly OvsChange[]): Promise<void> {
    const { intent, operations } = ovsTransaction(changes);
    const transaction = { intent, operations: [...operations, ...this.#asHolder()] };
    const waitForSwitchMs = SWITCH_TIMEOUT_MS;
    await this.#told(() => commit(this.connection, OPEN_VSWITCH, transaction, { waitForSwitchMs }));
  }

  /** Asks for the host's lock; it is ours where the result says so. @throws OvsdbError */
  async askForLock({ steal }: { readonly steal: boolean }): Promise<Lock> {
    const lock = await (steal ? Lock.steal(this.connection, HOST_LOCK) : Lock.request(this.connection, HOST_LOCK));
    if (lock.isHeld) this.#lock = lock;
    return lock;
  }

  /** Who says that he has the lock; null: nobody. One who died may still be named. @throws OvsdbError */
  async lockHolder(): Promise<string | null> {
    const columns = { Open_vSwitch: ['external_ids'] } as const;
    const { Open_vSwitch: rows } = await this.#told(() => selectTables(this.connection, OPEN_VSWITCH, columns));
    return asStringMap([...rows.values()][0]?.external_ids)[HOLDER_KEY] ?? null;
  }

  /**
   * Writes, or takes away, who has the lock: the database itself does not tell others. @throws OvsdbError where it is
   * not us
   */
  async nameLockHolder(holder: string | null): Promise<void> {
    const named: Mutation[] = holder === null ? [] : [['external_ids', 'insert', mapOf({ [HOLDER_KEY]: holder })]];
    const mutations: Mutation[] = [['external_ids', 'delete', [HOLDER_KEY]], ...named];
    const operations = [mutate('Open_vSwitch', [], mutations), ...this.#asHolder()];
    const transaction = { intent: 'vxmig: who has the lock', operations };
    await this.#told(() => commit(this.connection, OPEN_VSWITCH, transaction));
  }

  #asHolder(): Operation[] {
    // One that was taken from us must fail, one that we have given back need not be had.
    return this.#lock?.isHeld || this.#lock?.wasStolen ? [assertLock(HOST_LOCK)] : [];
  }

  /** Not every error of the protocol knows whose server it is about. */
  async #told<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof OvsdbError)) throw error;
      throw new OvsdbError(`${this.host}: ${error.message}`, {
        where: error.where ?? this.host,
        hint: error.hint,
        cause: error,
        ...(error.intent === undefined ? {} : { intent: error.intent }),
        ...(error.operation === undefined ? {} : { operation: error.operation }),
        ...(error.error === undefined ? {} : { error: error.error }),
      });
    }
  }
}

function switchState(tables: Tables<typeof COLUMNS>): SwitchState {
  const interfaces = tables.Interface;
  const ports = new Map(
    [...tables.Port].flatMap(([uuid, row]) => {
      const port = observedPort(uuid, row, interfaces);
      return port === null ? [] : [[uuid, port] as const];
    }),
  );
  const bridges = [...tables.Bridge].map(([uuid, row]) => observedBridge(uuid, row, ports, tables));
  return { version: asString([...tables.Open_vSwitch.values()][0]?.ovs_version), bridges };
}

function observedBridge(
  uuid: string,
  row: Row,
  ports: ReadonlyMap<string, ObservedPort>,
  tables: Tables<typeof COLUMNS>,
): Omit<ObservedBridge, 'flows'> {
  const name = asString(row.name);
  return {
    uuid,
    name,
    datapathType: asString(row.datapath_type),
    failMode: asString(row.fail_mode) || null,
    externalIds: asStringMap(row.external_ids),
    otherConfig: asStringMap(row.other_config),
    tableNames: tableNames(row, tables.Flow_Table),
    mtuRequest: asNumber([...tables.Interface.values()].find((device) => asString(device.name) === name)?.mtu_request),
    switching: {
      controllers: asUuids(row.controller)
        .map((controller) => asString(tables.Controller.get(controller)?.target))
        .sort(),
      stp: row.stp_enable === true,
      rstp: row.rstp_enable === true,
      multicastSnooping: row.mcast_snooping_enable === true,
      protocols: asSet(row.protocols).map(String),
    },
    // The bridge's own internal port is a part of it, not one of its ports.
    ports: asUuids(row.ports)
      .flatMap((port) => ports.get(port) ?? [])
      .filter((port) => port.name !== name),
  };
}

function tableNames(row: Row, flowTables: ReadonlyMap<string, Row>): Record<string, string> {
  const { flow_tables: tables } = row;
  if (!(tables instanceof Map)) return {};
  return Object.fromEntries(
    [...tables].flatMap(([number, reference]) =>
      typeof reference === 'object' && 'uuid' in reference
        ? [[String(number), asString(flowTables.get(reference.uuid)?.name)] as const]
        : [],
    ),
  );
}

function observedPort(uuid: string, row: Row, interfaces: ReadonlyMap<string, Row>): ObservedPort | null {
  const [interfaceUuid] = asUuids(row.interfaces);
  const device = interfaceUuid === undefined ? undefined : interfaces.get(interfaceUuid);
  if (interfaceUuid === undefined || device === undefined) return null;
  return {
    uuid,
    name: asString(row.name),
    externalIds: asStringMap(row.external_ids),
    interface: observedInterface(interfaceUuid, device),
  };
}

function observedInterface(uuid: string, row: Row): ObservedInterface {
  return {
    uuid,
    type: asString(row.type),
    options: asStringMap(row.options),
    ofport: asNumber(row.ofport),
    ofportRequest: asNumber(row.ofport_request),
    error: asOptional(row.error) === null ? null : asString(row.error),
  };
}
