import { isAlive } from '../model/domain-state.js';
import { VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import type { Topology, Vm } from '../model/topology.js';
import { markAt } from '../model/volume-sight.js';
import { placeText } from '../storage/place-text.js';
import { volumesOfOneHost } from './disk-xml.js';
import { livingCopies } from './left-copies.js';
import type { PlannedMigration } from './network-planner.js';
import type { ObservedHost } from './observed.js';
import { isToRun, pausedMove } from './standing.js';
import { type PlacedDomain, placesOf } from './vm-places.js';

/**
 * A VM that runs elsewhere than the file says is migrated, when it has been resumed if it is paused; one that runs
 * nowhere is started where the file says, unless it has disks of one host, and they are elsewhere: it is started there
 * first.
 *
 * @throws VxmigError HOST_UNFIT
 */
export function plannedMigrations(topology: Topology, observed: readonly ObservedHost[]): PlannedMigration[] {
  return topology.vms.flatMap((vm) => {
    const [place] = livingCopies(topology, vm, observed);
    if (place === undefined) return besideDisks(topology, vm, observed);
    if (place.host === vm.host) return [];
    const { state, reason, name } = place.domain;
    if (state === 'paused' && !isToRun(place.domain))
      throw pausedMove(vm.name, { host: place.host, domain: name, reason }, vm.host);
    if (state !== 'running' && state !== 'paused') throw inOtherState(vm, place);
    const why = `it runs on ${place.host}, the topology says ${vm.host}`;
    return [{ vm: vm.name, from: place.host, to: vm.host, why }];
  });
}

/** The host of the image that is the VM's: where libvirt has it. @throws VxmigError where that is at several */
function besideDisks(topology: Topology, vm: Vm, observed: readonly ObservedHost[]): PlannedMigration[] {
  if (vm.source.kind === 'domain') return [];
  const own = volumesOfOneHost(topology, vm);
  const places = placesOf(topology, vm, observed).its.filter(({ domain }) => !isAlive(domain.state));
  const [home, ...others] = places;
  if (own.length === 0 || home === undefined) return [];
  if (others.length > 0) throw unclear(vm, places);
  const seen = observed.find(({ host }) => host === home.host)?.volumes ?? [];
  const isThere = own.every((volume) => markAt(seen, placeText(volume.place), volume) !== null);
  if (home.host === vm.host || !isThere) return [];
  const why = `its disks are on ${home.host}, where it is started; the topology says ${vm.host}`;
  return [{ vm: vm.name, from: home.host, to: vm.host, why }];
}

function unclear({ name }: Vm, places: readonly PlacedDomain[]): VxmigError {
  const hosts = places.map(({ host }) => host);
  const undefine = shellLine(['virsh', 'undefine', '--keep-nvram', '--domain', places[0]?.domain.name ?? name]);
  return new VxmigError(
    'HOST_UNFIT',
    `${name} is off, and is defined on ${hosts.join(' and ')}: which of its images it has written to last cannot be ` +
      'told',
    {
      where: `${hosts[0]} ${name}`,
      hint:
        'Nothing was changed. A move was cut off, and its VM has ended. The file system of each image, and its time, ' +
        `tell which is the newer: \`${undefine}\` on the host of the older one, and apply.`,
    },
  );
}

function inOtherState(vm: Vm, { host, domain }: PlacedDomain): VxmigError {
  return new VxmigError(
    'HOST_UNFIT',
    `the VM ${vm.name} is not running on ${host} but in another state, and the topology says ${vm.host}`,
    {
      where: `${host} ${vm.name}`,
      hint:
        `Only a running VM can be migrated. See on ${host}: ` +
        `\`${shellLine(['virsh', 'domstate', '--reason', domain.name])}\`; ` +
        `\`${shellLine(['virsh', 'destroy', domain.name])}\` there, and apply starts it anew.`,
    },
  );
}
