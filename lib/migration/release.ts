import { isAlive } from '../model/domain-state.js';
import { messageOf, VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import type { MigrationContext } from './context.js';
import { afterwards } from './occupy.js';
import { closeRedirects } from './stand-by.js';
import { isSame, type Place, whereIs } from './whereabouts.js';

/** The source gives back what it held for the VM; late frames still go on to the new host, because home remembers the MAC. */
export async function release(context: MigrationContext): Promise<void> {
  const { source, domain, hosts } = context;
  const places = (await whereIs(domain, hosts)).filter(({ seen }) => isSame(seen, { xml: context.domainXml }));
  const wrong = notThereAlone(context, places);
  if (wrong !== null) throw wrong;
  // libvirt undefines it with --undefinesource; a definition that stayed behind could be started a second time.
  if (places.some((place) => place.host === source.name)) await source.undefine(domain);
  await closeRedirects(context);
  await context.control?.close();
  if (context.autostart) await startWithItsHost(context);
  await source.converge({ topology: afterwards(context), incoming: [] });
}

/** libvirt forgets it with the definition at the source. */
async function startWithItsHost({ vm, domain, destination, emit }: MigrationContext): Promise<void> {
  try {
    await destination.startWithHost(domain);
  } catch (error) {
    if (!(error instanceof VxmigError)) throw error;
    const again = shellLine(['virsh', 'autostart', '--domain', domain]);
    const text = `${vm.name} started with its host, and with ${destination.name} it does not: ${messageOf(error)}. \`${again}\` there makes it so.`;
    emit({ kind: 'warning', text });
  }
}

/** null where the VM runs at the destination and nowhere else. Otherwise nothing is removed at the source. */
function notThereAlone({ vm, domain, destination }: MigrationContext, places: readonly Place[]): VxmigError | null {
  const alive = places.filter(({ state }) => isAlive(state));
  const running = alive.filter(({ state }) => state === 'running').map(({ host }) => host);
  if (running.length === 1 && running[0] === destination.name) return null;
  const [only] = alive;
  if (alive.length === 1 && only?.host === destination.name) {
    return new VxmigError('NOT_CONVERGED', `${vm.name} is ${only.state} on ${destination.name}`, {
      where: domain,
      hint: 'It ran there when it came. `virsh resume` lets it go on; the guest’s serial console may tell why.',
    });
  }
  if (alive.length === 0) {
    return new VxmigError('MIGRATION_FAILED', `${vm.name} runs nowhere: its QEMU on ${destination.name} has ended`, {
      where: domain,
      hint: `Its log is on ${destination.name} in /var/log/libvirt/qemu; \`vxmig apply FILE\` starts it anew.`,
    });
  }
  const where = alive.map(({ host, state }) => `${host} (${state})`).join(' and ');
  return new VxmigError('MIGRATION_FAILED', `${vm.name} should run on ${destination.name} alone; it is on ${where}`, {
    where: domain,
    hint: 'Nothing was removed at the source. Look at `virsh list --all` on both hosts, and end the one that is wrong.',
  });
}
