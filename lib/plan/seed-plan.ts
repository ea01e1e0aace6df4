import { createHash } from 'node:crypto';
import type { Change } from '../model/change.js';
import type { SeedStep } from '../model/seed.js';
import type { Topology, Vm } from '../model/topology.js';
import { change } from './change.js';
import { seedPath } from './disk-xml.js';
import { stableUuid } from './domain-xml.js';
import type { ObservedHost } from './observed.js';
import { seedOf } from './seed.js';

/**
 * Each host has the media of all VMs, the same on each: then nothing of them has to move. `sshKeys` of the topology
 * are keys by now, and no paths any more.
 */
export function planSeeds(
  topology: Topology,
  { host, seeds }: Pick<ObservedHost, 'host' | 'seeds'>,
): { readonly changes: readonly Change[]; readonly steps: readonly SeedStep[]; readonly remove: readonly string[] } {
  const wanted = topology.vms.filter(({ disks }) => disks.length > 0).map((vm) => seedStep(topology, vm));
  const steps = wanted.filter(({ path, digest }) => seeds[path] !== digest);
  const remove = Object.keys(seeds).filter((path) => !wanted.some((step) => step.path === path));
  const why = (path: string) => (seeds[path] === undefined ? 'it is not there' : 'it says something else');
  return {
    steps,
    remove,
    changes: [
      ...steps.map(({ path }) =>
        change(host, 'seed', path, seeds[path] === undefined ? 'create' : 'update', why(path)),
      ),
      ...remove.map((path) => change(host, 'seed', path, 'delete', 'the topology has no such VM')),
    ],
  };
}

function seedStep(topology: Topology, vm: Vm): SeedStep {
  const keys = vm.source.kind === 'image' ? vm.source.machine.sshKeys : [];
  const seed = seedOf(topology, vm, stableUuid(`${topology.name}/${vm.name}`), keys);
  const digest = createHash('sha256').update(JSON.stringify(seed)).digest('hex');
  return { path: seedPath(topology.name, vm.name), seed, digest };
}
