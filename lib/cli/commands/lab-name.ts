import { stat } from 'node:fs/promises';
import { VxmigError } from '../../model/errors.js';
import { isTopologyName } from '../../model/topology-name.js';
import { readTopology } from '../../topology/read.js';

/**
 * The lab's name from what the user typed: a topology file, or the name itself, which must do when the file is lost.
 * @throws VxmigError NOT_FOUND, TOPOLOGY_INVALID
 */
export async function labNameOf(fileOrName: string): Promise<string> {
  const isFile = await stat(fileOrName).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) return (await readTopology(fileOrName)).topology.name;
  if (isTopologyName(fileOrName)) return fileOrName;
  throw new VxmigError('NOT_FOUND', `${fileOrName}: there is no such file, and no lab can have that name`, {
    where: fileOrName,
    hint: "Give the topology file, or the lab's name as `vxmig lab ls` shows it.",
  });
}
