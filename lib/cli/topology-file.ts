import { labSshSettings } from '../lab/connect.js';
import type { Topology } from '../model/topology.js';
import { readTopology } from '../topology/read.js';

/** The topology with which hosts can be reached: a lab's are where `lab up` has put them. */
export async function reachableTopology(file: string): Promise<Topology> {
  const { topology } = await readTopology(file);
  if (topology.lab === null) return topology;
  const settings = await labSshSettings(topology.name);
  return { ...topology, hosts: topology.hosts.map((host) => ({ ...host, ssh: settings.get(host.name) ?? host.ssh })) };
}
