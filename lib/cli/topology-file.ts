import { inLab } from '../lab/connect.js';
import type { Topology } from '../model/topology.js';
import { readTopology } from '../topology/read.js';

/** The topology with which hosts can be reached: a lab's are where `lab up` has put them. */
export async function reachableTopology(file: string): Promise<Topology> {
  const { topology } = await readTopology(file);
  return topology.lab === null ? topology : await inLab(topology, topology.name);
}
