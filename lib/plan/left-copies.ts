import type { Change } from '../model/change.js';
import { VxmigError } from '../model/errors.js';
import type { Topology, Vm } from '../model/topology.js';
import { change } from './change.js';
import { domainOf } from './desired.js';
import type { ObservedDomain, ObservedHost } from './observed.js';

/** A copy of a VM that has never run: a migration that broke off left it at its destination. */
export interface LeftCopy {
  readonly domain: string;
  readonly host: string;
  /** Where the VM's memory is whole. */
  readonly keptAt: string;
}

/** Where a VM has a memory. */
export interface LivingVm {
  readonly host: string;
  readonly domain: ObservedDomain;
}

/**
 * Which copies of a VM have never run and never will: those that are paused while one runs; or, where none runs, those that libvirt paused for a
 * migration while one was paused for something else, which it is only when its memory is whole.
 *
 * @throws VxmigError MIGRATION_FAILED where that cannot be told
 */
export function leftCopies(topology: Topology, observed: readonly ObservedHost[]): LeftCopy[] {
  return topology.vms.flatMap((vm) => {
    const copies = livingCopies(topology, vm, observed);
    if (copies.length < 2) return [];
    const running = copies.filter(({ domain }) => domain.state === 'running');
    const whole = running.length > 0 ? running : copies.filter(({ domain }) => !domain.pausedByMigration);
    const [kept, ...rivals] = whole;
    const others = copies.filter((copy) => copy !== kept);
    const one = new Set(copies.map(({ domain }) => uuidOf(domain))).size === 1;
    if (kept === undefined || rivals.length > 0 || !one || others.some(({ domain }) => domain.state !== 'paused')) {
      throw twice(vm, copies);
    }
    return others.map(({ host, domain }) => ({ domain: domain.name, host, keptAt: kept.host }));
  });
}

/** The hosts as they are without them. */
export function withoutCopies(observed: readonly ObservedHost[], copies: readonly LeftCopy[]): ObservedHost[] {
  return observed.map((host) => ({
    ...host,
    domains: host.domains.filter(({ name }) => !copies.some((copy) => copy.host === host.host && copy.domain === name)),
  }));
}

export function livingCopies(topology: Topology, vm: Vm, observed: readonly ObservedHost[]): LivingVm[] {
  return observed.flatMap(({ host, domains }) => {
    const domain = domains.find(
      (candidate) => isVm(topology, vm, candidate) && candidate.state !== 'shut off' && candidate.state !== 'crashed',
    );
    return domain === undefined ? [] : [{ host, domain }];
  });
}

export function leftCopyChange({ host, domain, keptAt }: LeftCopy): Change {
  return change(host, 'vm', domain, 'delete', `a migration that broke off left a paused copy here; it is on ${keptAt}`);
}

/** A domain of the VM's name that somebody else has made is not it. */
function isVm(topology: Topology, vm: Vm, domain: ObservedDomain): boolean {
  return domain.name === domainOf(vm) && (vm.source.kind === 'domain' || domain.owner?.topology === topology.name);
}

/** A migration keeps it (formatdomain, "General metadata"). */
function uuidOf({ xml }: ObservedDomain): string {
  return /<uuid>([^<]*)</.exec(xml)?.[1] ?? '';
}

function twice(vm: Vm, copies: readonly LivingVm[]): VxmigError {
  const places = copies.map(({ host, domain }) => `${host} (${domain.state})`).join(' and ');
  return new VxmigError('MIGRATION_FAILED', `the VM ${vm.name} is on ${places} at once`, {
    where: vm.name,
    hint: 'Both copies would write the same disks and answer the same addresses: stop the wrong one with `virsh destroy` now.',
  });
}
