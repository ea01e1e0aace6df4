import { freshLab } from '../lab/fresh.js';
import type { LabEvent } from '../model/lab-event.js';
import type { Topology } from '../model/topology.js';

/**
 * Has the topology's lab up while `work` runs, and takes it down whatever happens. `work` gets the topology with which
 * its hosts can be reached.
 * @throws VxmigError as freshLab
 */
export async function withLab<Result>(
  topology: Topology,
  how: { readonly emit: (event: LabEvent) => void; readonly signal: AbortSignal },
  work: (topology: Topology) => Promise<Result>,
): Promise<Result> {
  const lab = await freshLab(topology, { ...how, name: topology.name });
  try {
    return await work(lab.topology);
  } finally {
    await lab.close();
  }
}
