import type { MigrationContext } from './context.js';
import { findMovingMacs } from './moving.js';
import type { Whereabouts } from './stage.js';
import { closeRedirects, standBy } from './stand-by.js';
import { watchSwitchover } from './watch.js';

/** The destination gets the VM's tap, port and flows; broadcasts do not go to the tap before the VM is there. */
export async function reserve(context: MigrationContext): Promise<void> {
  const { destination, source, domain, options, vm } = context;
  await findMovingMacs(context);
  const prepared = async () => {
    await destination.converge({ topology: context.topology, incoming: [{ vm: vm.name, macs: context.macs }] });
    if (options.redirect) context.redirects = await standBy(context, context.macs);
  };
  const steered = async () => {
    if (options.redirect) context.control = await source.control(domain);
  };
  // All of them come to their end before anything is undone.
  const ends = await Promise.allSettled([prepared(), watchSwitchover(context), steered()]);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Leaves the destination as the topology wants it without the VM. */
export async function unreserve(context: MigrationContext): Promise<Whereabouts> {
  // It works on the same bridge.
  await context.covering;
  await closeRedirects(context);
  await context.control?.close();
  context.control = null;
  await context.destination.converge({ topology: context.topology, incoming: [] });
  return 'source';
}
