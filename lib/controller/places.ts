import { bridgeName } from '../model/names.js';
import type { Topology } from '../model/topology.js';
import type { FdbPlace } from '../model/topology-status.js';
import { fdbEntries } from '../pipeline/fdb.js';
import type { Controller } from './controller.js';

/** Reads every host's tables afresh. */
export async function fdbPlaces(controller: Controller, topology: Topology): Promise<FdbPlace[]> {
  const sessions = [...controller.sessions.values()];
  await Promise.all(sessions.map((session) => session.observe(topology.name)));
  return sessions.flatMap((session) =>
    topology.vms.flatMap((vm) =>
      vm.nics.map((nic) => {
        const bridge = session.observed.bridges.find(
          (candidate) => candidate.name === bridgeName(topology.name, nic.network),
        );
        const entry = fdbEntries(bridge?.flows ?? []).find((candidate) => candidate.mac === nic.mac);
        return {
          host: session.name,
          network: nic.network,
          vm: vm.name,
          mac: nic.mac,
          seen: entry === undefined ? null : session.placeOf(topology, nic.network, entry),
        };
      }),
    ),
  );
}
