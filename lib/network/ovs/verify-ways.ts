import { type ReachAnswer, reachesEach } from '../../host/reach.js';
import { type Check, check } from '../../model/check.js';
import type { Host, Topology } from '../../model/topology.js';
import { vtepOf } from '../../plan/topology-parts.js';
import { peersOf } from '../../plan/ways.js';
import type { OvsHosts } from './ovs-hosts.js';

export function portsReady(hosts: OvsHosts): Check[] {
  return [...hosts.sessions.values()].map(({ name, observed }) => {
    const ours = observed.bridges.filter((bridge) => bridge.externalIds['vxmig-topology'] === hosts.topology.name);
    const broken = ours.flatMap((bridge) => bridge.ports).filter((port) => (port.interface.ofport ?? -1) < 1);
    const seen = broken.map((port) => `${port.name}: ${port.interface.error ?? 'no OpenFlow port'}`).join('; ');
    return check(
      `ports of ${name}`,
      broken.length === 0,
      'all have an OpenFlow port',
      seen || 'all have one',
      `see \`ovs-vsctl show\` on ${name}`,
    );
  });
}

/**
 * Full-size packets between VTEPs: what does not fit is lost later, and only then. There are as many ways as pairs of
 * hosts; each host tries its own in one go, and begins with the peer after itself, so that not all of them ask the same
 * one at the same time.
 */
export async function tunnelsReach(hosts: OvsHosts, topology: Topology): Promise<Check[]> {
  const checks = topology.hosts.map(async (host, place) => {
    const peers = new Set(topology.networks.flatMap((network) => peersOf(topology, network, host.name)));
    const inTurn = [...topology.hosts.slice(place + 1), ...topology.hosts.slice(0, place)].filter((to) =>
      peers.has(to),
    );
    const byMtu = new Map<number, Host[]>();
    for (const to of inTurn) {
      const mtu = Math.min(underlayMtu(topology, host), underlayMtu(topology, to));
      byMtu.set(mtu, [...(byMtu.get(mtu) ?? []), to]);
    }
    const { shell } = hosts.session(host.name);
    const groups = [...byMtu].map(async ([fullSizeMtu, group]) => {
      const answers = await reachesEach(shell, { addresses: group.map(vtepOf), fullSizeMtu });
      return group.map((to) => [to, tunnelCheck(host, to, fullSizeMtu, answers.get(vtepOf(to)))] as const);
    });
    const found = new Map((await Promise.all(groups)).flat());
    return topology.hosts.flatMap((to) => found.get(to) ?? []);
  });
  return (await Promise.all(checks)).flat();
}

function tunnelCheck(from: Host, to: Host, mtu: number, answer: ReachAnswer | undefined): Check {
  const hint = 'fix the route or the MTU between the two hosts';
  const expected = `${vtepOf(to)} answers packets of ${mtu} bytes`;
  return check(`tunnel ${from.name} → ${to.name}`, answer?.ok ?? false, expected, answer?.seen ?? '', hint);
}

function underlayMtu(topology: Topology, host: Host): number {
  return topology.underlay.find((segment) => segment.name === host.underlay)?.mtu ?? 1500;
}
