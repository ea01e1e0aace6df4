import { VxmigError } from '../model/errors.js';
import type { LabEvent } from '../model/lab-event.js';
import type { Topology } from '../model/topology.js';
import { inLab } from './connect.js';
import { labDown } from './down.js';
import { guardLab } from './guard.js';
import { observeLabNames } from './list.js';
import { labUp } from './up.js';

export interface FreshLab {
  /** The topology with which its hosts can be reached. */
  readonly topology: Topology;
  /** Takes it down. */
  readonly close: () => Promise<void>;
}

/**
 * Builds a lab that nobody has yet, and that goes with this process, however it ends. Nothing on its hosts is called
 * after it, so that its name may be another one than the topology's: it can stand beside others of the same topology.
 * @throws VxmigError CLASH where a lab of that name is up: it may be somebody's. Where it cannot be built nothing of it
 * is left.
 */
export async function freshLab(
  topology: Topology,
  {
    name,
    emit,
    signal,
  }: { readonly name: string; readonly emit: (event: LabEvent) => void; readonly signal: AbortSignal },
): Promise<FreshLab> {
  if ((await observeLabNames()).includes(name)) {
    throw new VxmigError('CLASH', `there is a lab ${name} on this machine already`, {
      where: name,
      hint: `If nobody uses it: \`vxmig lab down ${name}\`.`,
    });
  }
  const guard = guardLab(name);
  const close = async () => {
    // An interrupted `up` has removed it itself.
    if ((await observeLabNames()).includes(name)) await labDown(name, emit);
    guard.release();
  };
  try {
    await labUp({ ...topology, name }, emit, { signal });
    return { topology: await inLab(topology, name), close };
  } catch (error) {
    await close();
    throw error;
  }
}
