import { messageOf } from '../model/errors.js';
import type { Topology } from '../model/topology.js';
import type { HostStatus, TopologyStatus, TunnelStatus, VmStatus } from '../model/topology-status.js';
import { readDrops } from '../network/ovs/drops.js';
import { fdbPlaces } from '../network/ovs/fdb-places.js';
import { acceptedAt } from '../pipeline/tunnels.js';
import { FLOW } from '../plan/bridge-plan.js';
import type { ObservedBridge, ObservedHost, ObservedPort } from '../plan/observed.js';
import { ownedBy, REMOTE_HOST_KEY } from '../plan/ownership.js';
import { vtepOf } from '../plan/topology-parts.js';
import { tunnelPorts } from '../plan/tunnel-ports.js';
import { placesOf } from '../plan/vm-places.js';
import type { ConnectFailure, Controller } from './controller.js';

/** Reads every host that can be reached. */
export async function status(controller: Controller, failures: readonly ConnectFailure[]): Promise<TopologyStatus> {
  const { topology } = controller;
  const fdb = await fdbPlaces(controller, topology);
  const hosts = topology.hosts.map(({ name }) => hostStatus(controller, name, failures));
  return {
    ok: failures.length === 0,
    topology: topology.name,
    hosts,
    tunnels: tunnelsAt(topology, observedHosts(controller)),
    vms: vms(controller, topology),
    fdb,
    drops: await readDrops(controller, topology),
  };
}

function observedHosts(controller: Controller): ObservedHost[] {
  return [...controller.sessions.values()].map((session) => session.observed);
}

function bridgesOf(topology: Topology, observed: ObservedHost | undefined): ObservedBridge[] {
  const { bridges = [] } = observed ?? {};
  return bridges.filter((bridge) => ownedBy(topology.name, bridge.externalIds));
}

function hostStatus(controller: Controller, host: string, failures: readonly ConnectFailure[]): HostStatus {
  const failure = failures.find((candidate) => candidate.host === host);
  const bridges = bridgesOf(controller.topology, controller.sessions.get(host)?.observed);
  return {
    host,
    reachable: failure === undefined,
    problem: failure === undefined ? '' : messageOf(failure.error),
    openVSwitch: controller.sessions.get(host)?.observed.ovsVersion ?? null,
    datapaths: [...new Set(bridges.map((bridge) => bridge.datapathType))],
    bridges: bridges.map((bridge) => bridge.name),
  };
}

/** One for each far end. */
export function tunnelsAt(topology: Topology, hosts: readonly ObservedHost[]): TunnelStatus[] {
  return hosts.flatMap((observed) =>
    bridgesOf(topology, observed).flatMap((bridge) =>
      tunnelPorts(topology.networks, bridge).flatMap((port) =>
        farEnds(topology, bridge, port).map((far) => ({
          host: observed.host,
          network: bridge.externalIds['vxmig-network'] ?? '',
          port: port.name,
          ...far,
          vni: port.interface.options.key ?? '',
          ready: (port.interface.ofport ?? -1) > 0,
        })),
      ),
    ),
  );
}

/** Of a port that leads to many: those from whom the flows take frames, as they are now. */
function farEnds({ hosts }: Topology, { flows }: ObservedBridge, { externalIds, interface: device }: ObservedPort) {
  const { options, ofport } = device;
  if (options.remote_ip !== FLOW)
    return [{ remoteHost: externalIds[REMOTE_HOST_KEY] ?? '', remoteIp: options.remote_ip ?? '' }];
  return acceptedAt(flows, ofport ?? -1).map((remoteIp) => ({
    remoteHost: hosts.find((host) => vtepOf(host) === remoteIp)?.name ?? '',
    remoteIp,
  }));
}

function vms(controller: Controller, topology: Topology): VmStatus[] {
  return topology.vms.map((vm) => {
    const places = placesOf(topology, vm, observedHosts(controller)).its.map(({ host, domain }) => ({
      host,
      state: domain.state,
    }));
    return { vm: vm.name, wanted: vm.host, places };
  });
}
