import { type Check, check } from '../../model/check.js';
import { bridgeName } from '../../model/names.js';
import type { Topology } from '../../model/topology.js';
import { fdbEntries } from '../../pipeline/fdb.js';
import { expectedAt } from '../../plan/expected-place.js';
import { fdbPlaces } from './fdb-places.js';
import type { OvsHosts } from './ovs-hosts.js';

export async function tablesPoint(hosts: OvsHosts, topology: Topology): Promise<Check[]> {
  // Without VMs there is nothing to look up, and the hosts need not be read again.
  if (topology.vms.length === 0) return [];
  const places = await fdbPlaces(hosts, topology);
  const isBehind = (mac: string) => !topology.vms.some(({ nics }) => nics.some((nic) => nic.mac === mac));
  return places.map(({ host, network, vm, mac, seen }) => {
    const at = topology.vms.find(({ name }) => name === vm)?.host ?? '';
    const expected = expectedAt(topology, network, at, host);
    const hint =
      `\`ovs-ofctl --names dump-flows ${bridgeName(topology.name, network)} table=fdb\` on ${host} ` +
      'shows its table';
    // An entry that has aged out is no fault: the frame is flooded and the answer teaches the place anew.
    return check(
      `FDB of ${host} for ${vm} in ${network}${isBehind(mac) ? ` (${mac})` : ''}`,
      seen === expected || seen === null,
      expected,
      seen ?? `no entry (${mac} is flooded)`,
      hint,
    );
  });
}

/** No bridge of one network may know a MAC that lives in another only. */
export async function networksIsolated(hosts: OvsHosts, topology: Topology): Promise<Check[]> {
  const macsOf = (network: string) =>
    topology.vms.flatMap((vm) => vm.nics.filter((nic) => nic.network === network).map((nic) => nic.mac));
  if (topology.networks.length < 2) return [];
  return topology.networks.map((network) => {
    const own = new Set(macsOf(network.name));
    const foreign = new Set(topology.networks.flatMap((other) => macsOf(other.name)).filter((mac) => !own.has(mac)));
    const leaks = [...hosts.sessions.values()].flatMap((session) => {
      const bridge = session.observed.bridges.find(
        (candidate) => candidate.name === bridgeName(topology.name, network.name),
      );
      return fdbEntries(bridge?.flows ?? []).flatMap((entry) =>
        foreign.has(entry.mac) ? [`${session.name} knows ${entry.mac}`] : [],
      );
    });
    const name = `network ${network.name} (${network.encapsulation.key.name} ${network.vni}) is isolated`;
    return check(
      name,
      leaks.length === 0,
      'no MAC of another network is known',
      leaks.join('; ') || 'none is known',
      'two bridges are connected somewhere outside vxmig',
    );
  });
}
