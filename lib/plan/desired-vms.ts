import { tapName } from '../model/names.js';
import type { Topology, Vm } from '../model/topology.js';
import type { AdoptedNic } from './adopt-domain.js';
import { type Accelerator, domainXml } from './domain-xml.js';
import { networkOf } from './topology-parts.js';

/** All VMs that one host should hold for one topology. Pure data, the same for plan, apply and verify. */
export interface DesiredVms {
  readonly host: string;
  readonly domains: readonly DesiredDomain[];
}

export type DesiredDomain =
  /** One that vxmig defines and owns. */
  | {
      readonly kind: 'own';
      readonly domain: string;
      readonly xml: string;
      readonly nics: readonly AdoptedNic[];
    }
  /** One that libvirt knew already: only its NICs are connected. */
  | {
      readonly kind: 'adopted';
      readonly domain: string;
      readonly vm: string;
      readonly nics: readonly AdoptedNic[];
    };

/** libvirt's name of a VM. */
export function domainOf(vm: Vm): string {
  return vm.source.kind === 'domain' ? vm.source.domain : vm.name;
}

/**
 * What of its hosts a topology's VMs are planned with: one for all, because a VM that was started with KVM cannot go on
 * under TCG.
 */
export interface VmFacts {
  readonly accelerator: Accelerator;
  /** By VM that says `cpu: baseline`: the element for its definition. */
  readonly baselines?: ReadonlyMap<string, string>;
  /** What is to be said of those. */
  readonly remarks?: readonly string[];
}

/** The VMs that `host` should hold, given where each of them is (or is to be). */
export function desiredVms(topology: Topology, hostName: string, facts: VmFacts): DesiredVms {
  const its = topology.vms.filter((vm) => vm.host === hostName);
  return { host: hostName, domains: its.map((vm) => desiredDomain(topology, vm, facts)) };
}

function desiredDomain(topology: Topology, vm: Vm, { accelerator, baselines }: VmFacts): DesiredDomain {
  const nics = nicsOf(topology, vm);
  if (vm.source.kind === 'image') {
    const xml = domainXml(topology, vm, accelerator, baselines?.get(vm.name));
    return { kind: 'own', domain: vm.name, xml, nics };
  }
  return { kind: 'adopted', domain: vm.source.domain, vm: vm.name, nics };
}

export function macsOf({ nics }: Vm): string[] {
  return nics.map(({ mac }) => mac);
}

/** Each with the tap that it has on whatever host the VM is. */
export function nicsOf(topology: Topology, vm: Vm): AdoptedNic[] {
  return vm.nics.map((nic, index) => ({
    mac: nic.mac,
    device: tapName(topology.name, vm.name, index),
    mtu: networkOf(topology, nic.network).mtu,
  }));
}
