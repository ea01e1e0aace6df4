import type { Change } from '../model/change.js';
import { cpuChange, cpuOf } from '../model/defined-cpu.js';
import { DomainDefinition } from '../model/domain-definition.js';
import { adoptionElement } from '../model/domain-marks.js';
import { isAlive } from '../model/domain-state.js';
import { VxmigError } from '../model/errors.js';
import { allOf } from '../model/joined-errors.js';
import { shellLine } from '../model/quote.js';
import { type AdoptedNic, adoptNics } from './adopt-domain.js';
import { change } from './change.js';
import type { DesiredDomain, DesiredVms } from './desired-vms.js';
import { readOwnerMark } from './domain-xml.js';
import { planGivingBack, whereOf } from './give-back.js';
import type { DomainStep } from './host-plan.js';
import type { ObservedDomain, ObservedHost } from './observed.js';
import { pendingVm } from './pending.js';
import { isToRun } from './standing.js';

export interface DomainPlan {
  readonly changes: Change[];
  readonly steps: DomainStep[];
  /** After the migrations. */
  readonly remove: DomainStep[];
}

/** The VMs of one host. A running VM is never restarted: a changed definition counts from its next start. */
export function planDomains(topology: string, desired: DesiredVms, observed: ObservedHost): DomainPlan {
  const plan: DomainPlan = { changes: [], steps: [], remove: [] };
  // Who has mended one domain need not hear of the next one only then.
  allOf(
    desired.domains.map((domain) => () => {
      const found = observed.domains.find((candidate) => candidate.name === domain.domain);
      if (domain.kind === 'own') planOwn(topology, desired.host, domain, found, plan);
      else planAdopted(topology, desired.host, domain, found, plan);
    }),
  );
  for (const domain of observed.domains) {
    if (desired.domains.some((wanted) => wanted.domain === domain.name)) continue;
    if (domain.owner?.topology === topology) {
      plan.remove.push(...removalOf(domain));
      plan.changes.push(change(desired.host, 'vm', domain.name, 'delete', 'the topology has no such VM here'));
    }
    const back = planGivingBack(topology, observed, domain, 'the topology has no such VM here');
    plan.remove.push(...back.steps);
    plan.changes.push(...back.changes);
  }
  return plan;
}

/**
 * Ends it where it is on, and takes its definition away. A guest that writes to disks, which stay, shuts itself down.
 */
export function removalOf({ name, state, xml }: Pick<ObservedDomain, 'name' | 'state' | 'xml'>): DomainStep[] {
  const undefine = { kind: 'undefine', domain: name } as const;
  if (state === 'running' && DomainDefinition.parse(xml).disks.some(({ readonly }) => !readonly))
    return [{ kind: 'shutdown', domain: name }, undefine];
  return state === 'shut off' ? [undefine] : [{ kind: 'stop', domain: name }, undefine];
}

function planOwn(
  topology: string,
  host: string,
  { domain, xml, nics }: Extract<DesiredDomain, { kind: 'own' }>,
  found: ObservedDomain | undefined,
  plan: DomainPlan,
): void {
  if (found === undefined) {
    plan.steps.push({ kind: 'define', domain, xml }, { kind: 'start', domain });
    plan.changes.push(change(host, 'vm', domain, 'create', 'it is not defined here'));
    return;
  }
  refuseForeign(topology, host, found);
  const wanted = readOwnerMark(xml)?.spec;
  const outdated = found.owner?.spec !== wanted;
  const redefinition = () => ({
    steps: [{ kind: 'define', domain, xml } as const],
    why: 'its definition has changed',
    details: cpuDetails(found.xml, xml),
  });
  planExisting(host, found, outdated ? redefinition() : null, nics, plan);
}

/** The only part of it that changes though nobody has changed the file: what all hosts can give (`cpu: baseline`). */
function cpuDetails(before: string, after: string): string[] {
  const [was, is] = [before, after].map((xml) => cpuOf(DomainDefinition.parse(xml)));
  const changed = was === undefined || is === undefined ? null : cpuChange(was, is);
  return changed === null ? [] : [`CPU ${changed}`];
}

function planAdopted(
  topology: string,
  host: string,
  { domain, vm, nics }: Extract<DesiredDomain, { kind: 'adopted' }>,
  found: ObservedDomain | undefined,
  plan: DomainPlan,
): void {
  if (found === undefined) {
    throw new VxmigError('HOST_UNFIT', `libvirt on ${host} knows no domain ${domain}`, {
      where: `${host} ${domain}`,
      hint: '`virsh list --all` shows what there is; define it there, or fix `domain:` or `host:` in the topology.',
    });
  }
  const definition = DomainDefinition.parse(found.xml);
  const [, , { updates, originals }] = allOf([
    () => refuseTransient(host, found),
    () => refuseOthers(topology, host, found),
    () => adoptNics({ host, domain }, definition, nics, found.adopted),
  ]);
  const element = adoptionElement({ topology, vm, originals });
  const isMarked = found.adopted !== null && adoptionElement(found.adopted) === element;
  const steps: DomainStep[] = [
    // First: what it had must be known before it is changed.
    ...(isMarked ? [] : [{ kind: 'mark', domain, element, which: whereOf(found) } as const]),
    ...updates.map(({ xml }) => ({ kind: 'update-nic', domain, xml }) as const),
  ];
  const why = updates.length > 0 ? 'its NICs are not connected to the taps' : 'it is not marked as connected';
  const details = updates.flatMap((update) => update.details);
  planExisting(host, found, steps.length === 0 ? null : { steps, why, details }, nics, plan);
}

/** A domain that is there: perhaps changed, perhaps started. */
function planExisting(
  host: string,
  found: ObservedDomain,
  redefinition: { steps: readonly DomainStep[]; why: string; details: readonly string[] } | null,
  nics: readonly AdoptedNic[],
  plan: DomainPlan,
): void {
  const { name: domain, state } = found;
  // What its saved memory would bring back is not what the file wants.
  const starts = !isAlive(state) && pendingVm(host, found, nics) === null;
  const resumes = state === 'paused' && isToRun(found);
  if (redefinition !== null) plan.steps.push(...redefinition.steps);
  if (starts) plan.steps.push({ kind: 'start', domain });
  if (resumes) plan.steps.push({ kind: 'resume', domain });
  const later = isAlive(state) ? ' (in force from its next start)' : '';
  const why = [
    ...(redefinition === null ? [] : [`${redefinition.why}${later}`]),
    ...(starts || resumes ? [`it is ${state}`] : []),
  ];
  if (why.length > 0) plan.changes.push(change(host, 'vm', domain, 'update', why.join('; '), redefinition?.details));
}

function refuseForeign(topology: string, host: string, found: ObservedDomain): void {
  if (found.owner?.topology === topology) return;
  const whose = found.owner === null ? 'is not managed by vxmig' : `belongs to the topology ${found.owner.topology}`;
  throw new VxmigError('CLASH', `the domain ${found.name} on ${host} ${whose}`, {
    where: `${host} ${found.name}`,
    hint: 'Rename the VM in the topology, or say `domain: NAME` in place of `image:` to have vxmig move that one.',
  });
}

/** @throws VxmigError HOST_UNFIT: it has no stored definition that could be changed, and a move would give it one */
function refuseTransient(host: string, { name, persistent }: ObservedDomain): void {
  if (persistent) return;
  const [dump, define] = [
    shellLine(['virsh', 'dumpxml', '--inactive', '--security-info', '--domain', name]),
    'virsh define /root/domain.xml',
  ];
  throw new VxmigError(
    'HOST_UNFIT',
    `the domain ${name} on ${host} is transient: it has no stored definition, and nothing was changed`,
    {
      where: `${host} ${name}`,
      hint:
        `vxmig connects a VM by its definition. To give it one, on ${host}: \`(umask 077; ${dump} ` +
        `>/root/domain.xml) && ${define}\`; whoever created it (\`virsh create\`, a cloud’s agent) may ` +
        'not want that.',
    },
  );
}

/** @throws VxmigError CLASH where another topology has it */
function refuseOthers(topology: string, host: string, { name, owner, adopted }: ObservedDomain): void {
  const whose = owner !== null ? owner.topology : adopted?.topology;
  if (owner === null && (whose === undefined || whose === topology)) return;
  const how = owner === null ? 'is connected by' : 'was made by vxmig for';
  throw new VxmigError('CLASH', `the domain ${name} on ${host} ${how} the topology ${whose}`, {
    where: `${host} ${name}`,
    hint: `One VM is in one topology: take it out of ${whose}'s file and apply that, or name another domain here.`,
  });
}
