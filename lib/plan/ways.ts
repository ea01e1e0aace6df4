import { flowTunnelPortName, tapName, tunnelPortName } from '../model/names.js';
import type { Host, Network, Topology } from '../model/topology.js';
import type { DesiredTunnel, NamedWay } from './desired-ports.js';
import { expectedPlace } from './expected-place.js';
import { ownMacs } from './moving-macs.js';
import { hostOf, vtepOf } from './topology-parts.js';

/** The tunnel of `from`'s bridge through which frames for `to` leave: its own, or a spoke's only one, to the hub. */
export function wayTowards(topology: Topology, network: Network, from: string, to: string): NamedWay {
  const { mesh } = network;
  if (mesh.kind === 'flow')
    return { port: flowTunnelPortName(topology.name, network.name), remote: vtepOf(hostOf(topology, to)) };
  const next = mesh.kind !== 'hub' || from === mesh.hub ? to : mesh.hub;
  return { port: tunnelPortName(topology.name, network.name, next), remote: null };
}

/** One for each host at the other end. */
export function waysThrough({ name, far }: DesiredTunnel): NamedWay[] {
  if (far.kind === 'one') return [{ port: name, remote: null }];
  return far.peers.map(({ ip }) => ({ port: name, remote: ip }));
}

/** Who a host has a tunnel to: everybody in a mesh; the hub, or for the hub everybody, in hub and spoke. */
export function peersOf(topology: Topology, network: Network, hostName: string): Host[] {
  const { mesh } = network;
  return topology.hosts.filter(
    (peer) => peer.name !== hostName && (mesh.kind !== 'hub' || mesh.hub === hostName || mesh.hub === peer.name),
  );
}

/** By MAC of each VM's NICs in the network. @param alsoAt by VM that moves: the other end of its way */
export function waysToMacs(
  topology: Topology,
  network: Network,
  host: string,
  alsoAt: ReadonlyMap<string, string>,
): Map<string, readonly NamedWay[]> {
  return new Map(
    topology.vms.flatMap((vm) =>
      vm.nics.flatMap((nic, index) => {
        if (nic.network !== network.name) return [];
        const also = alsoAt.get(vm.name);
        const hosts = [vm.host, ...(also === undefined ? [] : [also])];
        const ways = hosts.map((at): NamedWay => {
          const place = expectedPlace(network, at, host);
          if (place === host) return { port: tapName(topology.name, vm.name, index), remote: null };
          return wayTowards(topology, network, host, place);
        });
        return ownMacs(topology, nic).map((mac): [string, readonly NamedWay[]] => [mac, ways]);
      }),
    ),
  );
}
