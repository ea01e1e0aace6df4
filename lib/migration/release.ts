import type { DiskCopy } from '../model/disk-copy.js';
import { messageOf, VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import type { Checked } from './check.js';
import type { Run } from './migration.js';
import type { Reservation } from './reserve.js';
import { isSame, type Sighting, whereIs } from './whereabouts.js';

/**
 * The source gives back what it held for the VM; late frames still go on to the new host, because home remembers the
 * MAC.
 */
export async function release(run: Run, checked: Checked, reservation: Reservation): Promise<void> {
  const { source, destination, domain, hosts, placement, vm } = run;
  const places = (await whereIs(domain, hosts)).filter(({ seen }) => isSame(seen.id, checked.id));
  const wrong = notThereAlone(run, places);
  if (wrong !== null) throw wrong;
  // The driver removes it as the VM leaves; a definition that stayed behind could be started a second time.
  if (places.some((place) => place.host === source.name)) await source.vms.forget(domain);
  await reservation.redirects.close();
  await reservation.room.putBack();
  await reservation.stopSteering();
  if (checked.startsWithHost) await startWithItsHost(run);
  placement.settle(vm.name);
  await source.path.converge();
  await leaveImages(run, reservation.disks.all);
  // libvirt takes a moment to notice that a QEMU has gone: who was seen alive may have been dead by then.
  const last = await destination.vms.look(domain);
  if (last?.isAlive !== true) throw runsNowhere(run);
}

/** Those at the destination are the VM's from now on, and then those at the source are nobody's any more. */
async function leaveImages({ vm, source, destination, journal }: Run, copies: readonly DiskCopy[]): Promise<void> {
  for (const copy of copies) {
    const { target, path, own } = copy;
    const old = `its old image on ${source.name}, ${path}`;
    try {
      await destination.images.keep(copy);
      await source.images.remove(copy);
    } catch (error) {
      if (!(error instanceof VxmigError)) throw error;
      const text = `${target} of ${vm.name} is on ${destination.name}, and ${old}, could not be removed`;
      journal.warn(`${text}: ${messageOf(error)}. \`vxmig apply FILE\` removes it.`);
      continue;
    }
    if (own !== null) continue;
    journal.warn(
      `${target} of ${vm.name} is on ${destination.name} now; ${old}, was left as it was when the VM went. ` +
        `\`${shellLine(['rm', path])}\` there, when you do not need it.`,
    );
  }
}

/** It is forgotten with the definition at the source. */
async function startWithItsHost({ vm, domain, destination, journal }: Run): Promise<void> {
  try {
    await destination.vms.startWithHost(domain);
  } catch (error) {
    if (!(error instanceof VxmigError)) throw error;
    const again = shellLine(['virsh', 'autostart', '--domain', domain]);
    const text =
      `${vm.name} started with its host, and with ${destination.name} it does not: ${messageOf(error)}. ` +
      `\`${again}\` there makes it so.`;
    journal.emit({ kind: 'warning', text });
  }
}

/** null where the VM runs at the destination and nowhere else. Otherwise nothing is removed at the source. */
function notThereAlone({ vm, domain, destination }: Run, places: readonly Sighting[]): VxmigError | null {
  const alive = places.filter(({ seen }) => seen.isAlive);
  const running = alive.filter(({ seen }) => seen.state === 'running').map(({ host }) => host);
  if (running.length === 1 && running[0] === destination.name) return null;
  const [only] = alive;
  if (alive.length === 1 && only?.host === destination.name) {
    return new VxmigError('NOT_CONVERGED', `${vm.name} is ${only.seen.state} on ${destination.name}`, {
      where: domain,
      hint: 'It ran there when it came. `virsh resume` lets it go on; the guest’s serial console may tell why.',
    });
  }
  if (alive.length === 0) return runsNowhere({ vm, domain, destination });
  const where = alive.map(({ host, seen }) => `${host} (${seen.state})`).join(' and ');
  return new VxmigError('MIGRATION_FAILED', `${vm.name} should run on ${destination.name} alone; it is on ${where}`, {
    where: domain,
    hint: 'Nothing was removed at the source. Look at `virsh list --all` on both hosts, and end the one that is wrong.',
  });
}

function runsNowhere({ vm, domain, destination }: Pick<Run, 'vm' | 'domain' | 'destination'>): VxmigError {
  return new VxmigError('MIGRATION_FAILED', `${vm.name} runs nowhere: its QEMU on ${destination.name} has ended`, {
    where: domain,
    hint: `Its log is on ${destination.name} in /var/log/libvirt/qemu; \`vxmig apply FILE\` starts it anew.`,
  });
}
