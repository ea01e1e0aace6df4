import type { Change } from '../model/change.js';
import { isAlive } from '../model/domain-state.js';
import { VxmigError } from '../model/errors.js';
import { type AdoptedNic, connectNics } from './adopt-domain.js';
import { change } from './change.js';
import type { DesiredHost } from './desired.js';
import { readOwnerMark } from './domain-xml.js';
import type { DomainStep } from './host-plan.js';
import type { ObservedDomain, ObservedHost } from './observed.js';

export interface DomainPlan {
  readonly changes: Change[];
  readonly steps: DomainStep[];
  /** After the migrations. */
  readonly remove: DomainStep[];
}

/** The VMs of one host. A running VM is never restarted: a changed definition counts from its next start. */
export function planDomains(topology: string, desired: DesiredHost, observed: ObservedHost): DomainPlan {
  const plan: DomainPlan = { changes: [], steps: [], remove: [] };
  for (const domain of desired.domains) {
    const found = observed.domains.find((candidate) => candidate.name === domain.domain);
    if (domain.kind === 'own') planOwn(topology, desired.host, domain.domain, domain.xml, found, plan);
    else planAdopted(desired.host, domain.domain, domain.nics, found, plan);
  }
  for (const domain of observed.domains) {
    if (domain.owner?.topology !== topology || desired.domains.some((wanted) => wanted.domain === domain.name))
      continue;
    plan.remove.push(...removalOf(domain));
    plan.changes.push(change(desired.host, 'vm', domain.name, 'delete', 'the topology has no such VM here'));
  }
  return plan;
}

/** Ends it where it is on, and takes its definition away. */
export function removalOf({ name, state }: Pick<ObservedDomain, 'name' | 'state'>): DomainStep[] {
  const undefine = { kind: 'undefine', domain: name } as const;
  return state === 'shut off' ? [undefine] : [{ kind: 'stop', domain: name }, undefine];
}

function planOwn(
  topology: string,
  host: string,
  domain: string,
  xml: string,
  found: ObservedDomain | undefined,
  plan: DomainPlan,
): void {
  if (found === undefined) {
    plan.steps.push({ kind: 'define', domain, xml }, { kind: 'start', domain });
    plan.changes.push(change(host, 'vm', domain, 'create', 'it is not defined here'));
    return;
  }
  refuseForeign(topology, host, found);
  const outdated = found.owner?.spec !== readOwnerMark(xml)?.spec;
  planExisting(host, found, outdated ? { xml, why: 'its definition has changed' } : null, plan);
}

function planAdopted(
  host: string,
  domain: string,
  nics: readonly AdoptedNic[],
  found: ObservedDomain | undefined,
  plan: DomainPlan,
): void {
  if (found === undefined) {
    throw new VxmigError('HOST_UNFIT', `libvirt on ${host} knows no domain ${domain}`, {
      where: `${host} ${domain}`,
      hint: '`virsh list --all` shows what there is; define it there, or mend `domain:` or `host:` in the topology.',
    });
  }
  const xml = connectNics(domain, found.xml, nics);
  planExisting(host, found, xml === found.xml ? null : { xml, why: 'its NICs are not connected to the taps' }, plan);
}

/** A domain that is there: perhaps defined anew, perhaps started. */
function planExisting(
  host: string,
  found: ObservedDomain,
  redefine: { xml: string; why: string } | null,
  plan: DomainPlan,
): void {
  const { name: domain, state } = found;
  const stopped = !isAlive(state);
  if (redefine !== null) plan.steps.push({ kind: 'define', domain, xml: redefine.xml });
  if (stopped) plan.steps.push({ kind: 'start', domain });
  if (state === 'paused') plan.steps.push({ kind: 'resume', domain });
  const why = [
    ...(redefine === null ? [] : [stopped ? redefine.why : `${redefine.why} (in force from its next start)`]),
    ...(stopped || state === 'paused' ? [`it is ${state}`] : []),
  ];
  if (why.length > 0) plan.changes.push(change(host, 'vm', domain, 'update', why.join('; ')));
}

function refuseForeign(topology: string, host: string, found: ObservedDomain): void {
  if (found.owner?.topology === topology) return;
  const whose = found.owner === null ? 'is not managed by vxmig' : `belongs to the topology ${found.owner.topology}`;
  throw new VxmigError('CLASH', `the domain ${found.name} on ${host} ${whose}`, {
    where: `${host} ${found.name}`,
    hint: 'Rename the VM in the topology, or say `domain: NAME` in place of `image:` to have vxmig move that one.',
  });
}
