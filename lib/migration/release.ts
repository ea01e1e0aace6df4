import { VxmigError } from '../model/errors.js';
import type { MigrationContext } from './context.js';
import { afterwards } from './occupy.js';
import { closeRedirects } from './redirect.js';
import { whereIs } from './whereabouts.js';

/** The source gives back what it held for the VM; late frames still go on to the new host, because home remembers the MAC. */
export async function release(context: MigrationContext): Promise<void> {
  const { source, destination, domain, hosts } = context;
  const places = await whereIs(domain, hosts);
  const running = places.filter((place) => place.state === 'running').map((place) => place.host);
  if (running.length !== 1 || running[0] !== destination.name) {
    throw new VxmigError(
      'MIGRATION_FAILED',
      `the VM ${context.vm.name} should run on ${destination.name} alone; it runs on ${running.join(', ') || 'none'}`,
      {
        where: domain,
        hint: 'Nothing was removed at the source. Look at `virsh list --all` on both hosts.',
      },
    );
  }
  // libvirt undefines it with --undefinesource; a definition that stayed behind could be started a second time.
  if (places.some((place) => place.host === source.name)) await source.undefine(domain);
  await closeRedirects(context);
  await context.control?.close();
  await source.converge({ topology: afterwards(context), incoming: [] });
}
