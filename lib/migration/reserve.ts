import { withVmsAt } from '../plan/plan.js';
import type { MigrationContext } from './context.js';
import { closeRedirects, standBy } from './redirect.js';

/** The destination gets the VM's tap, port and flows; broadcasts do not go to the tap before the VM is there. */
export async function reserve(context: MigrationContext): Promise<void> {
  await context.destination.converge({ topology: context.topology, incoming: [context.vm.name] });
  if (context.options.redirect) context.redirects = await standBy(context);
}

/** Leaves the destination as the topology wants it without the VM. */
export async function unreserve(context: MigrationContext): Promise<void> {
  await closeRedirects(context);
  await context.destination.converge({ topology: context.topology, incoming: [] });
}

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
