import { DomainDefinition } from '../model/domain-definition.js';
import type { Topology } from '../model/topology.js';
import type { ObservedHost } from './observed.js';

/** Of VMs that are no longer in the file the disks stay: a sentence for each VM. */
export function keptDisks(topology: Topology, observed: readonly ObservedHost[]): string[] {
  const names = new Set(topology.vms.map(({ name }) => name));
  return observed.flatMap(({ host, domains }) =>
    domains.flatMap(({ name, owner, xml }) => {
      if (owner === null || owner.topology !== topology.name || names.has(name)) return [];
      const written = DomainDefinition.parse(xml).disks.filter(({ readonly }) => !readonly);
      const places = written.flatMap(({ source }) => source ?? []);
      return places.length === 0 ? [] : [`${name} goes from ${host}; its disks stay: ${places.join(', ')}.`];
    }),
  );
}
