import { DomainDefinition } from '../model/domain-definition.js';
import { formatBytes } from '../model/quantities.js';
import type { Topology, Vm } from '../model/topology.js';
import { domainOf } from './desired-vms.js';
import type { ObservedHost } from './observed.js';

/** What the file says beside `domain:` and the domain does not have; null: nothing. The domain's own counts. */
export function sizeRemark(vm: Vm, xml: string): string | null {
  if (vm.source.kind !== 'domain') return null;
  const { says } = vm.source;
  if (says?.memoryBytes === undefined && says?.vcpus === undefined) return null;
  const definition = DomainDefinition.parse(xml);
  const has = definition.memoryBytes;
  const memory =
    says.memoryBytes === undefined || has === null || says.memoryBytes === has
      ? []
      : [`\`memory: ${formatBytes(says.memoryBytes)}\`, and the domain has ${formatBytes(has)}`];
  const vcpus =
    says.vcpus === undefined || says.vcpus === definition.vcpus
      ? []
      : [`\`vcpus: ${says.vcpus}\`, and the domain has ${definition.vcpus}`];
  const parts = [...memory, ...vcpus];
  return parts.length === 0 ? null : `the file says ${parts.join(', and ')}`;
}

export const SIZE_FIX =
  'a domain keeps what it has: take the line out of the file, or change the domain with `virsh edit`, which ' +
  'counts from its next start';

export function sizeWarnings(topology: Topology, observed: readonly ObservedHost[]): string[] {
  return topology.vms.flatMap((vm) => {
    const found = observed.flatMap(({ domains }) => domains).find(({ name }) => name === domainOf(vm));
    const remark = found === undefined ? null : sizeRemark(vm, found.xml);
    return remark === null ? [] : [`${vm.name}: ${remark}; ${SIZE_FIX}.`];
  });
}
