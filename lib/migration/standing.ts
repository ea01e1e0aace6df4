import { VxmigError } from '../model/errors.js';
import { PAUSED_BY_MIGRATION } from '../model/libvirt-domain.js';
import { shellLine } from '../model/quote.js';
import { nicsOf } from '../plan/desired.js';
import { pendingText, pendingVm } from '../plan/pending.js';
import { pausedMove } from '../plan/standing.js';
import type { MigrationContext } from './context.js';
import { isSame, type Place, uuidOf } from './whereabouts.js';

/**
 * Whether the VM stands as a move needs it: it runs at the source, nowhere else, and with its NICs at the taps; nothing of its name is at the destination.
 *
 * @throws VxmigError HOST_UNFIT, CLASH
 */
export function refuseUnsettled(context: MigrationContext, places: readonly Place[]): void {
  const { vm, source, destination } = context;
  const here = places.find(({ host }) => host === source.name);
  const its = places.filter(({ seen }) => here === undefined || isSame(seen, here.seen));
  const running = its.filter(({ state }) => state === 'running').map(({ host }) => host);
  if (here === undefined || running.length !== 1 || running[0] !== source.name) {
    throw here?.state === 'paused' && running.length === 0 ? paused(context, here) : notAlone(context, running, here);
  }
  const there = places.find(({ host }) => host === destination.name);
  if (there !== undefined) throw isSame(there.seen, here.seen) ? leftover(context, there) : namesake(context, there);
  if (vm.source.kind === 'domain' && here.seen.persistent === false) throw transient(context);
  const { xml, live = null } = here.seen;
  const seen = { name: context.domain, state: here.state, xml, live, saved: false };
  const pending = pendingVm(source.name, seen, nicsOf(context.topology, vm));
  if (pending !== null) {
    const { what, fix } = pendingText(pending);
    throw new VxmigError('HOST_UNFIT', `${what}: a move would not be of the NIC that the guest has`, {
      where: `${source.name} ${context.domain}`,
      hint: fix,
    });
  }
}

function paused({ vm, domain, source, destination }: MigrationContext, { seen }: Place): VxmigError {
  const reason = seen.reason ?? '';
  if (!PAUSED_BY_MIGRATION.includes(reason))
    return pausedMove(vm.name, { host: source.name, domain, reason }, destination.name);
  return new VxmigError('HOST_UNFIT', `a migration has left the VM ${vm.name} paused on ${source.name}`, {
    where: `${source.name} ${domain}`,
    hint: '`vxmig apply FILE` lets it go on.',
  });
}

function notAlone({ vm, source }: MigrationContext, running: readonly string[], here: Place | undefined): VxmigError {
  const state = here === undefined || here.state === 'running' ? '' : `: on ${source.name} it is ${here.state}`;
  const where = running.length === 0 ? `it runs nowhere${state}` : `it runs on ${running.join(' and ')}`;
  return new VxmigError('HOST_UNFIT', `the VM ${vm.name} should run on ${source.name} alone, but ${where}`, {
    where: source.name,
    hint: 'Run `vxmig status FILE` to see where it is, and `vxmig apply FILE` to bring it to a known state.',
  });
}

function leftover({ destination, domain }: MigrationContext, { state }: Place): VxmigError {
  return new VxmigError('CLASH', `${destination.name} has a domain ${domain} already (${state})`, {
    where: `${destination.name} ${domain}`,
    hint: 'What an earlier migration left paused `vxmig apply FILE` removes. Look at another with `virsh dumpxml`; if it is not needed, `virsh undefine` it.',
  });
}

function namesake({ destination, domain, vm }: MigrationContext, { seen, state }: Place): VxmigError {
  const name = shellLine(['virsh', 'domrename', domain, 'NEW-NAME']);
  return new VxmigError(
    'CLASH',
    `${destination.name} has another VM called ${domain} (UUID ${uuidOf(seen)}, ${state}): it is not ${vm.name}, and was not touched`,
    {
      where: `${destination.name} ${domain}`,
      hint: `Two domains of one name cannot be on one host: rename that one with \`${name}\` on ${destination.name} (while it is off), or choose another host.`,
    },
  );
}

function transient({ domain, source }: MigrationContext): VxmigError {
  return new VxmigError(
    'HOST_UNFIT',
    `the domain ${domain} on ${source.name} is transient, and a move would make it persistent`,
    {
      where: `${source.name} ${domain}`,
      hint: `Give it a stored definition with \`virsh define\` on ${source.name}, if that is what its owner wants.`,
    },
  );
}
