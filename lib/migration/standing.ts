import { VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import { pausedMove } from '../plan/standing.js';
import type { Migration } from './migration.js';
import { isSame, type Sighting } from './whereabouts.js';

/**
 * Whether the VM stands as a move needs it: it runs at the source, nowhere else, and with its NICs at the taps; nothing
 * of its name is at the destination.
 *
 * @returns how it is seen at the source
 * @throws VxmigError HOST_UNFIT, CLASH
 */
export function refuseUnsettled(migration: Migration, places: readonly Sighting[]): Sighting {
  const { vm, source, destination } = migration;
  const here = places.find(({ host }) => host === source.name);
  const its = places.filter(({ seen }) => here === undefined || isSame(seen.id, here.seen.id));
  const running = its.filter(({ seen }) => seen.state === 'running').map(({ host }) => host);
  if (here === undefined || running.length !== 1 || running[0] !== source.name) {
    throw here?.seen.state === 'paused' && running.length === 0
      ? paused(migration, here)
      : notAlone(migration, running, here);
  }
  const there = places.find(({ host }) => host === destination.name);
  if (there !== undefined)
    throw isSame(there.seen.id, here.seen.id) ? leftover(migration, there) : namesake(migration, there);
  if (vm.source.kind === 'domain' && here.seen.isTransient) throw transient(migration);
  const pending = here.seen.pending(migration.nics);
  if (pending !== null) {
    throw new VxmigError('HOST_UNFIT', `${pending.what}: a move would not be of the NIC that the guest has`, {
      where: `${source.name} ${migration.domain}`,
      hint: pending.fix,
    });
  }
  return here;
}

function paused({ vm, domain, source, destination }: Migration, { seen }: Sighting): VxmigError {
  const { reason } = seen;
  if (!seen.pausedByMigration) return pausedMove(vm.name, { host: source.name, domain, reason }, destination.name);
  return new VxmigError('HOST_UNFIT', `a migration has left the VM ${vm.name} paused on ${source.name}`, {
    where: `${source.name} ${domain}`,
    hint: '`vxmig apply FILE` lets it go on.',
  });
}

function notAlone({ vm, source }: Migration, running: readonly string[], here: Sighting | undefined): VxmigError {
  const state =
    here === undefined || here.seen.state === 'running' ? '' : `: on ${source.name} it is ${here.seen.state}`;
  const where = running.length === 0 ? `it runs nowhere${state}` : `it runs on ${running.join(' and ')}`;
  return new VxmigError('HOST_UNFIT', `the VM ${vm.name} should run on ${source.name} alone, but ${where}`, {
    where: source.name,
    hint: 'Run `vxmig status FILE` to see where it is, and `vxmig apply FILE` to bring it to a known state.',
  });
}

function leftover({ destination, domain }: Migration, { seen }: Sighting): VxmigError {
  return new VxmigError('CLASH', `${destination.name} has a domain ${domain} already (${seen.state})`, {
    where: `${destination.name} ${domain}`,
    hint:
      'What an earlier migration left paused `vxmig apply FILE` removes. Look at another with `virsh dumpxml`; ' +
      'if it is not needed, `virsh undefine` it.',
  });
}

function namesake({ destination, domain, vm }: Migration, { seen }: Sighting): VxmigError {
  const name = shellLine(['virsh', 'domrename', domain, 'NEW-NAME']);
  return new VxmigError(
    'CLASH',
    `${destination.name} has another VM called ${domain} (UUID ${seen.id}, ${seen.state}): it is not ` +
      `${vm.name}, and was not touched`,
    {
      where: `${destination.name} ${domain}`,
      hint:
        `Two domains of one name cannot be on one host: rename that one with \`${name}\` on ${destination.name} ` +
        '(while it is off), or choose another host.',
    },
  );
}

function transient({ domain, source }: Migration): VxmigError {
  return new VxmigError(
    'HOST_UNFIT',
    `the domain ${domain} on ${source.name} is transient, and a move would make it persistent`,
    {
      where: `${source.name} ${domain}`,
      hint: `Give it a stored definition with \`virsh define\` on ${source.name}, if that is what its owner wants.`,
    },
  );
}
