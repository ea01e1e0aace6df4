import { withVmsAt } from '../plan/plan.js';
import type { MigrationContext } from './context.js';
import { movingNics } from './moving.js';

/**
 * The VM has arrived: from now on the destination's tap is a port like any other. What the source still took for late frames of the VM's move
 * before this one goes on as well: only now, because the redirect goes before it, and a VM that stays would need it.
 */
export async function occupy(context: MigrationContext): Promise<void> {
  const { destination, source } = context;
  // It works on the same bridge.
  await context.covering;
  const nics = movingNics(context);
  const accepted = async () => {
    for (const { nic, macs } of nics) await destination.acceptLate(nic, macs, source.name);
    await destination.converge({ topology: afterwards(context), incoming: [] });
  };
  await Promise.all([accepted(), ...nics.map(({ nic, macs }) => source.refuseLate(nic.network, macs))]);
}

/** The topology with the VM at its new host. */
export function afterwards(context: MigrationContext): MigrationContext['topology'] {
  return withVmsAt(context.topology, [[context.vm.name, context.destination.name]]);
}
