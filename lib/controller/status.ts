import { messageOf } from '../model/errors.js';
import type { Topology } from '../model/topology.js';
import type { HostStatus, TopologyStatus, TunnelStatus, VmStatus } from '../model/topology-status.js';
import { acceptedAt } from '../pipeline/tunnels.js';
import { FLOW } from '../plan/bridge-plan.js';
import { vtepOf } from '../plan/desired.js';
import type { ObservedBridge, ObservedPort } from '../plan/observed.js';
import { ownedBy, REMOTE_HOST_KEY } from '../plan/ownership.js';
import { placesOf } from '../plan/vm-places.js';
import type { ConnectFailure, Controller } from './controller.js';
import { readDrops } from './drops.js';
import { fdbPlaces } from './places.js';

/** Reads every host that can be reached. */
export async function status(controller: Controller, failures: readonly ConnectFailure[]): Promise<TopologyStatus> {
  const { topology } = controller;
  const fdb = await fdbPlaces(controller, topology);
  const hosts = topology.hosts.map(({ name }) => hostStatus(controller, name, failures));
  return {
    ok: failures.length === 0,
    topology: topology.name,
    hosts,
    tunnels: tunnels(controller),
    vms: vms(controller, topology),
    fdb,
    drops: await readDrops(controller, topology),
  };
}

function bridgesOf(controller: Controller, host: string) {
  const bridges = controller.sessions.get(host)?.observed.bridges ?? [];
  return bridges.filter((bridge) => ownedBy(controller.topology.name, bridge.externalIds));
}

function hostStatus(controller: Controller, host: string, failures: readonly ConnectFailure[]): HostStatus {
  const failure = failures.find((candidate) => candidate.host === host);
  const bridges = bridgesOf(controller, host);
  return {
    host,
    reachable: failure === undefined,
    problem: failure === undefined ? '' : messageOf(failure.error),
    openVSwitch: controller.sessions.get(host)?.observed.ovsVersion ?? null,
    datapaths: [...new Set(bridges.map((bridge) => bridge.datapathType))],
    bridges: bridges.map((bridge) => bridge.name),
  };
}

function tunnels(controller: Controller): TunnelStatus[] {
  return [...controller.sessions.keys()].flatMap((host) =>
    bridgesOf(controller, host).flatMap((bridge) =>
      bridge.ports
        .filter((port) => port.interface.type === 'vxlan')
        .flatMap((port) =>
          farEnds(controller.topology, bridge, port).map((far) => ({
            host,
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
    const observed = [...controller.sessions.values()].map((session) => session.observed);
    const places = placesOf(topology, vm, observed).its.map(({ host, domain }) => ({ host, state: domain.state }));
    return { vm: vm.name, wanted: vm.host, places };
  });
}
