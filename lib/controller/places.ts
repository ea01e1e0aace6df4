import { bridgeName } from '../model/names.js';
import type { Topology } from '../model/topology.js';
import type { FdbPlace } from '../model/topology-status.js';
import { fdbEntries } from '../pipeline/fdb.js';
import { domainOf } from '../plan/desired.js';
import { ownMacs } from '../plan/moving-macs.js';
import type { Controller } from './controller.js';

/** By the last look: that VM runs on that host. */
export function runsOn(controller: Controller, vm: string, host: string): boolean {
  const ours = controller.topology.vms.filter(({ name }) => name === vm).map(domainOf);
  const { domains } = controller.session(host).observed;
  return domains.some(({ name, state }) => ours.includes(name) && state === 'running');
}

/** Reads every host's tables afresh. */
export async function fdbPlaces(controller: Controller, topology: Topology): Promise<FdbPlace[]> {
  const sessions = [...controller.sessions.values()];
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
          const seen = entry === undefined ? null : session.placeOf(topology, nic.network, entry);
          return { host: session.name, network: nic.network, vm: vm.name, mac, seen };
        });
      }),
    ),
  );
}
