import type { Change } from '../model/change.js';
import { VxmigError } from '../model/errors.js';
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
  for (const { vm, xml } of desired.domains) {
    const found = observed.domains.find((domain) => domain.name === vm);
    const wanted = readOwnerMark(xml);
    if (found === undefined) {
      plan.steps.push({ kind: 'define', vm, xml }, { kind: 'start', vm });
      plan.changes.push(change(desired.host, 'vm', vm, 'create', 'it is not defined here'));
    } else {
      refuseForeign(topology, desired.host, found);
      const outdated = found.owner?.spec !== wanted?.spec;
      const stopped = found.state === 'shut off' || found.state === 'crashed';
      if (outdated) plan.steps.push({ kind: 'define', vm, xml });
      if (stopped) plan.steps.push({ kind: 'start', vm });
      const why = [
        ...(outdated ? [stopped ? 'its definition has changed' : 'its definition has changed (in force from its next start)'] : []),
        ...(stopped ? [`it is ${found.state}`] : []),
      ];
      if (why.length > 0) plan.changes.push(change(desired.host, 'vm', vm, 'update', why.join('; ')));
    }
  }
  for (const domain of observed.domains) {
    if (domain.owner?.topology !== topology || desired.domains.some(({ vm }) => vm === domain.name)) continue;
    if (domain.state !== 'shut off') plan.remove.push({ kind: 'stop', vm: domain.name });
    plan.remove.push({ kind: 'undefine', vm: domain.name });
    plan.changes.push(change(desired.host, 'vm', domain.name, 'delete', 'the topology has no such VM here'));
  }
  return plan;
}

function refuseForeign(topology: string, host: string, found: ObservedDomain): void {
  if (found.owner?.topology === topology) return;
  const whose = found.owner === null ? 'is not managed by vxmig' : `belongs to the topology ${found.owner.topology}`;
  throw new VxmigError('CLASH', `the domain ${found.name} on ${host} ${whose}`, {
    where: `${host} ${found.name}`,
    hint: 'Rename the VM in the topology, or say `domain: NAME` in place of `image:` to have vxmig move that one.',
  });
}
