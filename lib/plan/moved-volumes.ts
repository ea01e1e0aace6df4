import type { Change } from '../model/change.js';
import type { Topology } from '../model/topology.js';
import { markAt, type VolumeMark } from '../model/volume-sight.js';
import type { VolumeRemoval, VolumeSettling } from '../model/volume-step.js';
import { placeText } from '../storage/place-text.js';
import { change } from './change.js';
import { volumesOfOneHost } from './disk-xml.js';
import type { ObservedHost } from './observed.js';
import { placesOf } from './vm-places.js';

/** What one host has of disks that have moved along with their VMs, when nobody has come to tidying it. */
export interface MovedVolumes {
  readonly host: string;
  readonly changes: readonly Change[];
  /** Images to which their VMs have come. */
  readonly keep: readonly VolumeSettling[];
  /** Images that their VMs have left, and copies that did not come to their end. */
  readonly remove: readonly VolumeRemoval[];
}

/**
 * Of a move that was cut off two images are there, and where the VM is defined says which of them it is: libvirt lets
 * it be at one place only. Nothing is said where that is not clear, or where the VM's own image is not there.
 */
export function movedVolumes(topology: Topology, observed: readonly ObservedHost[]): MovedVolumes[] {
  const found = topology.vms.flatMap((vm) => {
    const hosts = new Set(placesOf(topology, vm, observed).its.map(({ host }) => host));
    const [home] = hosts;
    if (home === undefined || hosts.size > 1) return [];
    return volumesOfOneHost(topology, vm).flatMap(({ index, place }) =>
      tidied(observed, home, placeText(place), { topology: topology.name, vm: vm.name, index }),
    );
  });
  return observed.map(({ host }) => {
    const own = found.filter((one) => one.host === host);
    return {
      host,
      changes: own.map((one) => one.change),
      keep: own.flatMap(({ keep }) => keep ?? []),
      remove: own.flatMap(({ remove }) => remove ?? []),
    };
  });
}

interface Tidied {
  readonly host: string;
  readonly change: Change;
  readonly keep?: VolumeSettling;
  readonly remove?: VolumeRemoval;
}

function tidied(observed: readonly ObservedHost[], home: string, place: string, own: VolumeMark): Tidied[] {
  const mark = markAt(observed.find(({ host }) => host === home)?.volumes ?? [], place, own);
  if (mark === null) return [];
  const { from } = mark;
  const kept: Tidied[] =
    from === undefined
      ? []
      : [
          {
            host: home,
            change: change(home, 'disk', place, 'update', 'the VM has come to it, and it was marked as on its way'),
            keep: { place, from: mark, to: own },
          },
        ];
  const removed = observed.flatMap(({ host, volumes }): Tidied[] => {
    const there = host === home ? null : markAt(volumes, place, own);
    if (there === null) return [];
    const isLeft = there.from === undefined && from === host;
    const isUnfinished = there.from === home;
    if (!isLeft && !isUnfinished) return [];
    const why = isLeft ? `the VM has moved to ${home} with it` : 'the copy did not come to its end';
    return [{ host, change: change(host, 'disk', place, 'delete', why), remove: { place, mark: there } }];
  });
  return [...kept, ...removed];
}
