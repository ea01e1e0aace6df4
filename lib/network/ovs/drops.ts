import { bridgeName, tapName } from '../../model/names.js';
import type { Network, Topology } from '../../model/topology.js';
import type { DropCount } from '../../model/topology-status.js';
import { HIDDEN_HEADER } from '../../pipeline/access.js';
import { detailOf } from '../../pipeline/cookie.js';
import { DROP_REASONS, dropReasonOf } from '../../pipeline/drop-reason.js';
import { tableNumber } from '../../pipeline/tables.js';
import { numberedRules, ruleText } from '../../plan/access.js';
import { type CountedFlow, countedFlows } from './openflow.js';
import type { OvsHostSession, OvsHosts } from './ovs-hosts.js';

const TABLES = (['classify', 'guard', 'neighbour', 'acl_network', 'acl_sender', 'acl_receiver'] as const).map(
  tableNumber,
);

/**
 * What port security, access rules and the check of tunnels' far ends have dropped, as the switches have counted it.
 */
export async function readDrops(hosts: OvsHosts, topology: Topology): Promise<DropCount[]> {
  const counted = [...hosts.sessions.values()].flatMap((session) =>
    topology.networks.map(async (network) => {
      const flows = await countedFlows(session.shell, bridgeName(topology.name, network.name), TABLES);
      const drops = flows.flatMap((flow) => dropOf(topology, session, network, flow) ?? []);
      return summed(drops);
    }),
  );
  return (await Promise.all(counted)).flat();
}

function dropOf(
  topology: Topology,
  session: OvsHostSession,
  network: Network,
  { flow, packets }: CountedFlow,
): DropCount | null {
  if (packets === 0 || flow.actions.length > 0) return null;
  const common = { host: session.name, network: network.name, packets };
  const reason = dropReasonOf(detailOf('security', flow.cookie) ?? 0);
  if (reason !== null) {
    const port = Number(flow.match.fields.get('in_port')?.value ?? 0);
    const vm = vmAt(topology, session, network, port);
    return { ...common, vm, by: 'port-security', reason, says: DROP_REASONS[reason].says };
  }
  const id = detailOf('access', flow.cookie);
  if (id === HIDDEN_HEADER) {
    const says = 'TCP that hides its header from the rules in fragments';
    return { ...common, vm: null, by: 'access-rule', reason: 'hidden-header', says };
  }
  const entry = numberedRules(topology).find((candidate) => candidate.id === id);
  if (entry === undefined) return null;
  const vm = entry.owner.kind === 'vm' ? entry.owner.name : null;
  return { ...common, vm, by: 'access-rule', reason: `rule ${entry.place}`, says: ruleText(entry) };
}

function vmAt(topology: Topology, session: OvsHostSession, network: Network, ofport: number): string | null {
  const name = session.network.ports(network.name).find((port) => port.ofport === ofport)?.name;
  const vm = topology.vms.find((one) => one.nics.some((_, index) => tapName(topology.name, one.name, index) === name));
  return vm?.name ?? null;
}

/** A reason can have several flows. */
function summed(drops: readonly DropCount[]): DropCount[] {
  const sums = new Map<string, DropCount>();
  for (const drop of drops) {
    const key = `${drop.vm} ${drop.says}`;
    sums.set(key, { ...drop, packets: drop.packets + (sums.get(key)?.packets ?? 0) });
  }
  return [...sums.values()];
}
