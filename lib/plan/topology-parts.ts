import type { Host, Network, Topology } from '../model/topology.js';

export function hostOf(topology: Topology, name: string): Host {
  const host = topology.hosts.find((candidate) => candidate.name === name);
  if (host === undefined) throw new Error(`no host ${name} in topology ${topology.name}`);
  return host;
}

export function networkOf(topology: Topology, name: string): Network {
  const network = topology.networks.find((candidate) => candidate.name === name);
  if (network === undefined) throw new Error(`no network ${name} in topology ${topology.name}`);
  return network;
}

export function vtepOf(host: Host): string {
  const [first] = host.addresses;
  if (first === undefined) throw new Error(`host ${host.name} has no address`);
  return first;
}
