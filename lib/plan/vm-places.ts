import { DomainDefinition } from '../model/domain-definition.js';
import { VxmigError } from '../model/errors.js';
import { shellWord } from '../model/quote.js';
import type { Topology, Vm } from '../model/topology.js';
import { domainOf } from './desired-vms.js';
import type { ObservedDomain, ObservedHost } from './observed.js';

export interface PlacedDomain {
  readonly host: string;
  readonly domain: ObservedDomain;
}

/** The domains of a VM's name on all hosts. */
export interface VmPlaces {
  /** A migration keeps the UUID (formatdomain, "General metadata"): these are one VM. */
  readonly its: readonly PlacedDomain[];
  /** Another VM, which is only called the same. */
  readonly others: readonly PlacedDomain[];
}

export function placesOf(topology: Topology, vm: Vm, observed: readonly ObservedHost[]): VmPlaces {
  const named = observed.flatMap(({ host, domains }) =>
    domains.filter(({ name }) => name === domainOf(vm)).map((domain) => ({ host, domain })),
  );
  const isIt = vm.source.kind === 'domain' ? isThe(topology, vm, named) : isOwn(topology);
  return { its: named.filter(isIt), others: named.filter((place) => !isIt(place)) };
}

function isOwn({ name }: Topology): (place: PlacedDomain) => boolean {
  return ({ domain }) => domain.owner?.topology === name;
}

/**
 * Where several are called so: the one that vxmig has connected before; else the one with the VM's NICs; else the one
 * where the file puts it.
 */
function isThe(topology: Topology, vm: Vm, named: readonly PlacedDomain[]): (place: PlacedDomain) => boolean {
  if (new Set(named.map(({ domain }) => uuidOf(domain))).size < 2) return () => true;
  const chosen =
    named.find(({ domain }) => domain.adopted?.topology === topology.name && domain.adopted.vm === vm.name) ??
    named.find(({ domain }) => hasNics(vm, domain)) ??
    named.find(({ host }) => host === vm.host) ??
    named[0];
  return ({ domain }) => chosen !== undefined && uuidOf(domain) === uuidOf(chosen.domain);
}

function hasNics({ nics }: Vm, { xml }: ObservedDomain): boolean {
  const definition = DomainDefinition.parse(xml);
  return nics.every(({ mac }) => definition.interface(mac) !== undefined);
}

export function uuidOf({ xml }: Pick<ObservedDomain, 'xml'>): string {
  return DomainDefinition.parse(xml).uuid;
}

/** @throws VxmigError CLASH where another VM of its name is where the VM is to be */
export function refuseNamesakes(topology: Topology, observed: readonly ObservedHost[]): void {
  for (const vm of topology.vms) {
    if (vm.source.kind === 'image') continue;
    const there = placesOf(topology, vm, observed).others.find(({ host }) => host === vm.host);
    if (there !== undefined) throw namesake(vm, there);
  }
}

function namesake(vm: Vm, { host, domain }: PlacedDomain): VxmigError {
  return new VxmigError('CLASH', namesakeText(vm, { host, domain }), {
    where: `${host} ${domain.name}`,
    hint:
      'Two domains of one name cannot be on one host: rename that one with `virsh domrename ' +
      `${shellWord(domain.name)} NEW-NAME\` on ${host} (while it is off), or this VM's.`,
  });
}

/** Of those that are in nobody's way. */
export function namesakeWarnings(topology: Topology, observed: readonly ObservedHost[]): string[] {
  return topology.vms.flatMap((vm) =>
    placesOf(topology, vm, observed)
      .others.filter(({ host }) => host !== vm.host)
      .map(
        (place) =>
          `${namesakeText(vm, place)}. ${vm.name} cannot move to ${place.host} while that one is called the same.`,
      ),
  );
}

function namesakeText(vm: Vm, { host, domain }: PlacedDomain): string {
  const name = domainOf(vm);
  return (
    `another VM called ${name} (UUID ${uuidOf(domain)}, ${domain.state}) is on ${host}; it is not ${vm.name}, ` +
    'and is not touched'
  );
}
