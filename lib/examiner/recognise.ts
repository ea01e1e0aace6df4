import { DomainDefinition } from '../model/domain-definition.js';
import { type Encapsulation, encapsulationsBeside } from '../model/encapsulation.js';
import { bridgeName } from '../model/names.js';
import type { Topology } from '../model/topology.js';
import type { ObservedBridge, ObservedHost, ObservedPort } from '../plan/observed.js';
import { vtepOf } from '../plan/topology-parts.js';

/*
 * What is what on a host that may have been configured by hand: nothing is known by its name but what vxmig has marked.
 */

/**
 * The bridge that carries `network`: the one that vxmig marked so; else the one that has a NIC of that network in it;
 * else the one with a tunnel of its kind and VNI; else the only one with tunnels that no other network claims. null:
 * there is none.
 */
export function bridgeOf(topology: Topology, network: string, host: ObservedHost): ObservedBridge | null {
  const { bridges } = host;
  const marked = bridges.find(
    ({ name, externalIds }) =>
      externalIds['vxmig-network'] === network && name === bridgeName(externalIds['vxmig-topology'] ?? '', network),
  );
  const taps = new Set(tapsOf(topology, host).flatMap((tap) => (tap.network === network ? [tap.port] : [])));
  const withTap = bridges.find(({ ports }) => ports.some(({ name }) => taps.has(name)));
  const wanted = topology.networks.find(({ name }) => name === network);
  const isIts = (port: ObservedPort) => {
    const tunnel = tunnelOf(topology, port);
    return tunnel !== null && tunnel.encapsulation.name === wanted?.encapsulation.name && tunnel.vni === wanted.vni;
  };
  const withVni = bridges.find(({ ports }) => ports.some(isIts));
  return marked ?? withTap ?? withVni ?? onlyUnclaimed(topology, network, host);
}

function onlyUnclaimed(topology: Topology, network: string, { bridges }: ObservedHost): ObservedBridge | null {
  const others = new Set(topology.networks.flatMap(({ name, vni }) => (name === network ? [] : [vni])));
  const unclaimed = bridges.filter(({ ports, externalIds }) => {
    const vnis = ports.flatMap((port) => tunnelOf(topology, port)?.vni ?? []);
    return vnis.length > 0 && externalIds['vxmig-network'] === undefined && !vnis.some((vni) => others.has(vni));
  });
  const [only] = unclaimed;
  return only === undefined || unclaimed.length > 1 ? null : only;
}

export interface SeenTunnel {
  readonly encapsulation: Encapsulation;
  /** null: each flow says which (`key=flow`). */
  readonly vni: number | null;
  /** null: each flow says whither (`remote_ip=flow`). */
  readonly remote: string | null;
}

/**
 * null: the port is no tunnel that vxmig knows. A tunnel without a key has the key 0 (ovs-vswitchd.conf.db(5), `options
 * : key`).
 */
export function tunnelOf(
  { networks }: Pick<Topology, 'networks'>,
  { interface: { type, options } }: ObservedPort,
): SeenTunnel | null {
  const encapsulation = encapsulationsBeside(networks).find(({ ovsType }) => ovsType === type);
  if (encapsulation === undefined) return null;
  const key = options.in_key ?? options.key ?? '0';
  const remote = options.remote_ip ?? 'flow';
  return { encapsulation, vni: key === 'flow' ? null : Number(key), remote: remote === 'flow' ? null : remote };
}

export interface SeenTap {
  readonly vm: string;
  readonly network: string;
  readonly mac: string;
  readonly port: string;
}

/**
 * Taps of the topology's VMs that are on at the host, known by the NIC's MAC: by the name that the domain's definition
 * gives it, or by the MAC that libvirt gives to a tap of its own (the guest's with FE as its first byte; libvirt's
 * virNetDevTapCreateInBridgePort).
 */
export function tapsOf({ vms }: Topology, { domains, links }: ObservedHost): SeenTap[] {
  const running = domains
    .filter(({ state }) => state === 'running')
    .map(({ xml, live }) => DomainDefinition.parse(live ?? xml));
  return vms.flatMap((vm) =>
    vm.nics.flatMap(({ mac, network }) => {
      const nics = running.flatMap((definition) => definition.interface(mac) ?? []);
      const named = nics.find(({ device }) => device !== null)?.device;
      const isOn = nics.length > 0;
      const made = isOn ? links.find((link) => link.mac === `fe${mac.slice(2)}`)?.name : undefined;
      const port = named ?? made;
      return port === undefined ? [] : [{ vm: vm.name, network, mac, port }];
    }),
  );
}

/** The host that has the address as its VTEP's; null: none of the topology's. */
export function hostAt({ hosts }: Topology, address: string): string | null {
  return hosts.find((host) => vtepOf(host) === address)?.name ?? null;
}
