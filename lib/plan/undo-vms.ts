import { DomainDefinition } from '../model/domain-definition.js';
import { type AdoptionMark, adoptionElement } from '../model/domain-marks.js';
import { elementText } from '../model/xml-element.js';
import { change } from './change.js';
import { destroyVms } from './destroy-plan.js';
import { whereOf } from './give-back.js';
import type { DomainStep, VmPlan } from './host-plan.js';
import type { ObservedDomain, ObservedHost } from './observed.js';
import { onlyNew, WHY, WHY_NEW } from './undo-plan.js';

/**
 * What takes a host's VMs back to how they were before an apply that did not come to its end. Nothing that was there
 * before is stopped: a VM that was shut off and has been started stays on, for powering it off could cost more than it
 * fixes.
 */
export function undoVms(topology: string, before: ObservedHost, now: ObservedHost): VmPlan {
  const made = destroyVms(topology, onlyNew(topology, before, now));
  const steps = restoredDomains(topology, before, now);
  const restored = [...new Set(steps.map(({ domain }) => domain))];
  return {
    host: now.host,
    changes: [
      ...made.changes.map((each) => ({ ...each, why: WHY_NEW })),
      ...restored.map((domain) => change(now.host, 'vm', domain, 'update', WHY)),
    ],
    uploads: [],
    volumes: [],
    seeds: [],
    keepVolumes: [],
    removeVolumes: [],
    steps,
    remove: made.remove.map((step) => (step.kind === 'shutdown' ? { ...step, kind: 'stop' } : step)),
    removeSeeds: made.removeSeeds,
  };
}

/** Definitions of VMs that were there. */
function restoredDomains(topology: string, before: ObservedHost, now: ObservedHost): DomainStep[] {
  const ours = ({ owner }: ObservedDomain) => owner === null || owner.topology === topology;
  return before.domains.filter(ours).flatMap((was) => {
    const is = now.domains.find(({ name }) => name === was.name);
    if (is === undefined || is.xml === was.xml) return [];
    return was.owner === null ? reconnected(was, is) : [{ kind: 'define', domain: was.name, xml: was.xml }];
  });
}

/** A definition that is not vxmig's is never written anew: what libvirt shows of it lacks its passwords. */
function reconnected(was: ObservedDomain, is: ObservedDomain): DomainStep[] {
  const now = DomainDefinition.parse(is.xml);
  const nics = DomainDefinition.parse(was.xml).interfaces.flatMap(({ mac, element }): DomainStep[] => {
    const there = now.interface(mac);
    const xml = elementText(element);
    return there === undefined || elementText(there.element) === xml
      ? []
      : [{ kind: 'update-nic', domain: was.name, xml }];
  });
  const [before, after] = [was.adopted, is.adopted].map(elementOf);
  return before === after || before === undefined
    ? nics
    : [...nics, { kind: 'mark', domain: was.name, element: before, which: whereOf(is) }];
}

function elementOf(mark: AdoptionMark | null): string | null {
  return mark === null ? null : adoptionElement(mark);
}
