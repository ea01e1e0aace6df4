import { bridgeName } from '../../model/names.js';
import type { Topology } from '../../model/topology.js';
import type { FdbPlace } from '../../model/topology-status.js';
import { fdbEntries } from '../../pipeline/fdb.js';
import { ownMacs } from '../../plan/moving-macs.js';
import type { OvsHosts } from './ovs-hosts.js';

/** Reads every host's tables afresh. */
export async function fdbPlaces(hosts: OvsHosts, topology: Topology): Promise<FdbPlace[]> {
  const sessions = [...hosts.sessions.values()];
  await Promise.all(sessions.map((session) => session.observe(topology.name)));
  return sessions.flatMap((session) =>
    topology.vms.flatMap((vm) =>
      vm.nics.flatMap((nic) => {
        const bridge = session.observed.bridges.find(
          (candidate) => candidate.name === bridgeName(topology.name, nic.network),
        );
        const entries = fdbEntries(bridge?.flows ?? []);
        return ownMacs(topology, nic).map((mac) => {
          const entry = entries.find((candidate) => candidate.mac === mac);
          const seen = entry === undefined ? null : session.network.placeOf(topology, nic.network, entry);
          return { host: session.name, network: nic.network, vm: vm.name, mac, seen };
        });
      }),
    ),
  );
}
