import { DomainDefinition } from '../model/domain-definition.js';
import { VxmigError } from '../model/errors.js';
import { printable } from '../model/printable.js';
import { shellLine } from '../model/quote.js';
import { adoptNics } from './adopt-domain.js';
import type { DesiredDomain, DesiredVms } from './desired-vms.js';
import { readOwnerMark } from './domain-xml.js';
import type { ObservedDomain, ObservedHost } from './observed.js';
import { type PendingVm, pendingText, pendingVm } from './pending.js';

/** A VM that somebody has paused, in libvirt's word for why. */
export interface PausedVm {
  readonly host: string;
  readonly domain: string;
  readonly reason: string;
}

/** VMs of one host that no plan brings to what the file says: they are left as they are, and it is said. */
export interface Standing {
  readonly pending: readonly PendingVm[];
  readonly paused: readonly PausedVm[];
  /** They run with what the file said before, but for their NICs. */
  readonly outdated: readonly { readonly host: string; readonly domain: string }[];
}

export function standingOf(topology: string, desired: DesiredVms, observed: ObservedHost): Standing {
  const { host } = desired;
  const seen = desired.domains.flatMap((wanted) => {
    const found = observed.domains.find(({ name }) => name === wanted.domain);
    return found === undefined ? [] : [{ wanted, found }];
  });
  const pending = seen.flatMap(({ wanted, found }) => {
    const xml = storedAfter(topology, host, wanted, found);
    return pendingVm(host, { ...found, xml }, wanted.nics) ?? [];
  });
  return {
    pending,
    paused: seen.flatMap(({ found: { name, state, ...found } }) =>
      state === 'paused' && !isToRun(found) ? [{ host, domain: name, reason: found.reason }] : [],
    ),
    outdated: seen.flatMap(({ wanted, found: { name, live } }) => {
      if (wanted.kind !== 'own' || live === null || pending.some(({ domain }) => domain === name)) return [];
      return readOwnerMark(live)?.spec === readOwnerMark(wanted.xml)?.spec ? [] : [{ host, domain: name }];
    }),
  };
}

/** A migration has left it paused, whose owner has not asked for that. */
export function isToRun({
  pausedByMigration,
  arriving,
}: Pick<ObservedDomain, 'pausedByMigration' | 'arriving'>): boolean {
  return pausedByMigration || arriving;
}

/** The definition with which it will start next. */
function storedAfter(topology: string, host: string, wanted: DesiredDomain, found: ObservedDomain): string {
  if (wanted.kind === 'own') return wanted.xml;
  const definition = DomainDefinition.parse(found.xml);
  const mark = found.adopted?.topology === topology ? found.adopted : null;
  const { updates } = adoptNics({ host, domain: wanted.domain }, definition, wanted.nics, mark);
  return updates.reduce((after, { mac, xml }) => after.withInterface(mac, xml), definition).toString();
}

export function standingWarnings({ pending, paused, outdated }: Standing): string[] {
  const later = pending.map(pendingText).map(({ what, fix }) => `${what}. ${fix}`);
  return [
    ...later,
    ...paused.map((vm) => printable(`${pausedText(vm).what}, and is left so. ${pausedText(vm).fix}.`)),
    ...outdated.map(
      ({ host, domain }) =>
        `${domain} on ${host} runs with what the file said before; what it says now is in force from its next start.`,
    ),
  ];
}

export function pausedText({ host, domain, reason }: PausedVm): { readonly what: string; readonly fix: string } {
  const by = reason === 'user' ? 'by its user' : reason;
  const resume = shellLine(['virsh', 'resume', '--domain', domain]);
  return { what: `${domain} is paused on ${host} (${by})`, fix: `\`${resume}\` on ${host} lets it go on` };
}

/** @param to where it should go */
export function pausedMove(vm: string, paused: PausedVm, to: string): VxmigError {
  const { host, domain } = paused;
  const what = pausedText({ ...paused, domain: vm }).what;
  return new VxmigError('HOST_UNFIT', printable(`${what}, and is not moved to ${to} like that`), {
    where: `${host} ${domain}`,
    hint:
      `A paused guest answers nobody, so that its move could not be watched. ${pausedText(paused).fix}; then it ` +
      'can be moved.',
  });
}
