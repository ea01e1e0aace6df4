import { withVmsAt } from '../plan/plan.js';
import type { MigrationContext } from './context.js';

/** The VM has arrived: from now on the destination's tap is a port like any other. */
export async function occupy(context: MigrationContext): Promise<void> {
  const { destination, source, vm } = context;
  for (const index of vm.nics.keys()) await destination.acceptLate(vm.name, index, source.name);
  await destination.converge({ topology: afterwards(context), incoming: [] });
}

/** The topology with the VM at its new host. */
export function afterwards(context: MigrationContext): MigrationContext['topology'] {
  return withVmsAt(context.topology, [[context.vm.name, context.destination.name]]);
}
