import { bySshConfigOf } from '../../controller/ssh-places.js';
import { inLab, labKeys } from '../../lab/connect.js';
import type { Topology } from '../../model/topology.js';
import { withLocalImages } from '../../topology/local-files.js';
import { type ReadTopology, readTopology } from '../../topology/read.js';
import { withSshKeys } from '../../topology/ssh-keys.js';

/** The topology with which hosts can be reached: a lab's are where `lab up` has put them. */
export async function reachableTopology(file: string): Promise<Topology> {
  return (await readReachable(file)).topology;
}

/** The same with the file's text, which of a pipe cannot be had twice. */
export async function readReachable(file: string): Promise<Pick<ReadTopology, 'topology' | 'source'>> {
  const { topology, source } = await readTopology(file);
  const [reachable, keys] =
    topology.lab === null
      ? [await bySshConfigOf(topology), []]
      : [await inLab(topology, topology.name), await labKeys(topology)];
  return { topology: withLocalImages(await withSshKeys(reachable, file, keys), file), source };
}
