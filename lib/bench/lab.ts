import { inLab } from '../lab/connect.js';
import { labDown } from '../lab/down.js';
import { observeLabNames } from '../lab/list.js';
import { labUp } from '../lab/up.js';
import { VxmigError } from '../model/errors.js';
import type { LabEvent } from '../model/lab-event.js';
import type { Topology } from '../model/topology.js';

/**
 * Has the topology's lab up while `work` runs, and takes it down whatever happens. `work` gets the topology with which its
 * hosts can be reached.
 * @throws VxmigError CLASH where a lab of that name is up: it may be somebody's
 */
export async function withLab<Result>(
  topology: Topology,
  how: { readonly emit: (event: LabEvent) => void; readonly signal: AbortSignal },
  work: (topology: Topology) => Promise<Result>,
): Promise<Result> {
  const { name } = topology;
  if ((await observeLabNames()).includes(name)) {
    throw new VxmigError('CLASH', `there is a lab ${name} on this machine already`, {
      where: name,
      hint: `If nobody uses it: \`vxmig lab down ${name}\`.`,
    });
  }
  try {
    await labUp(topology, how.emit, { signal: how.signal });
    return await work(await inLab(topology, name));
  } finally {
    // An interrupted `up` has removed it itself.
    if ((await observeLabNames()).includes(name)) await labDown(name, how.emit);
  }
}
