import { withVmsAt } from '../plan/plan.js';
import type { MigrationContext } from './context.js';

/**
 * The VM has arrived: from now on the destination's tap is a port like any other. What the source still took for late frames of the VM's move
 * before this one goes on as well: only now, because the redirect goes before it, and a VM that stays would need it.
 */
export async function occupy(context: MigrationContext): Promise<void> {
  const { destination, source, vm } = context;
  const accepted = async () => {
    for (const index of vm.nics.keys()) await destination.acceptLate(vm.name, index, source.name);
    await destination.converge({ topology: afterwards(context), incoming: [] });
  };
  await Promise.all([accepted(), ...vm.nics.map(({ network, mac }) => source.refuseLate(network, mac))]);
}

/** The topology with the VM at its new host. */
export function afterwards(context: MigrationContext): MigrationContext['topology'] {
  return withVmsAt(context.topology, [[context.vm.name, context.destination.name]]);
}
