import type { Change } from '../model/change.js';
import { isAlive } from '../model/domain-state.js';
import { VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import type { Topology, Vm } from '../model/topology.js';
import { change } from './change.js';
import type { ObservedHost } from './observed.js';
import { type PlacedDomain, placesOf, uuidOf } from './vm-places.js';

/**
 * What a migration that broke off left of a VM: at its destination a copy that has never run, or at its source the
 * definition.
 */
export interface LeftCopy {
  readonly domain: string;
  readonly host: string;
  readonly state: 'paused' | 'shut off';
  /** Where the VM's memory is whole. */
  readonly keptAt: string;
}

/**
 * Which copies of a VM have never run and never will: those that are paused while one runs; or, where none runs, those
 * that libvirt paused for a migration while one was paused for something else, which it is only when its memory is
 * whole. And definitions of ours that are off while the VM lives elsewhere.
 *
 * @throws VxmigError MIGRATION_FAILED where that cannot be told
 */
export function leftCopies(topology: Topology, observed: readonly ObservedHost[]): LeftCopy[] {
  return topology.vms.flatMap((vm) => {
    const copies = livingCopies(topology, vm, observed);
    const kept = copies.length > 1 ? theWhole(vm, copies) : copies[0];
    if (kept === undefined) return [];
    const paused = copies.filter((copy) => copy !== kept);
    const left = (state: LeftCopy['state']) => (copy: PlacedDomain) => ({
      domain: copy.domain.name,
      host: copy.host,
      state,
      keptAt: kept.host,
    });
    return [...paused.map(left('paused')), ...definitions(topology, vm, observed).map(left('shut off'))];
  });
}

/** @throws VxmigError MIGRATION_FAILED */
function theWhole(vm: Vm, copies: readonly PlacedDomain[]): PlacedDomain {
  const running = copies.filter(({ domain }) => domain.state === 'running');
  const whole = running.length > 0 ? running : copies.filter(({ domain }) => !domain.pausedByMigration);
  const [kept, ...rivals] = whole;
  const others = copies.filter((copy) => copy !== kept);
  const one = new Set(copies.map(({ domain }) => uuidOf(domain))).size === 1;
  if (kept === undefined || rivals.length > 0 || !one || others.some(({ domain }) => domain.state !== 'paused')) {
    throw twice(vm, copies);
  }
  return kept;
}

/** Those of an adopted domain are somebody's own. */
function definitions(topology: Topology, vm: Vm, observed: readonly ObservedHost[]): PlacedDomain[] {
  return vm.source.kind === 'domain'
    ? []
    : placesOf(topology, vm, observed).its.filter(({ domain }) => !isAlive(domain.state));
}

/** The hosts as they are without them; what is kept of a migration that broke off is to run. */
export function withoutCopies(observed: readonly ObservedHost[], copies: readonly LeftCopy[]): ObservedHost[] {
  return observed.map((host) => ({
    ...host,
    domains: host.domains
      .filter(({ name }) => !copies.some((copy) => copy.host === host.host && copy.domain === name))
      .map((domain) => ({ ...domain, arriving: domain.arriving || isArrival(copies, host.host, domain.name) })),
  }));
}

/** Of two that were paused at once a migration has made the one of the other. */
function isArrival(copies: readonly LeftCopy[], host: string, name: string): boolean {
  return copies.some(({ domain, keptAt, state }) => domain === name && keptAt === host && state === 'paused');
}

/** Where a VM has a memory. */
export function livingCopies(topology: Topology, vm: Vm, observed: readonly ObservedHost[]): PlacedDomain[] {
  return placesOf(topology, vm, observed).its.filter(({ domain }) => isAlive(domain.state));
}

export function leftCopyChange({ host, domain, state, keptAt }: LeftCopy): Change {
  const what = state === 'paused' ? 'a copy that has never run' : 'its definition';
  return change(host, 'vm', domain, 'delete', `a migration that broke off left ${what} here; it is on ${keptAt}`);
}

function twice(vm: Vm, copies: readonly PlacedDomain[]): VxmigError {
  const places = copies.map(({ host, domain }) => `${host} (${domain.state})`).join(' and ');
  return new VxmigError('MIGRATION_FAILED', `the VM ${vm.name} is on ${places} at once`, {
    where: vm.name,
    hint:
      'Both copies would write the same disks and answer the same addresses: stop the wrong one now, on its host: ' +
      `\`${shellLine(['virsh', 'destroy', copies[0]?.domain.name ?? vm.name])}\`.`,
  });
}
