import type { DiskPart, ProvenDisk } from '../model/disk.js';
import type { CopyStorage } from '../model/disk-copy.js';
import type { DomainDefinition } from '../model/domain-definition.js';
import type { Topology, Vm } from '../model/topology.js';
import type { VolumeMark } from '../model/volume-sight.js';
import { attribute, child } from '../model/xml-element.js';
import { storageKindOf } from '../storage/registry.js';
import { targetsOf, volumesOf } from './disk-xml.js';
import type { Obstacle } from './move-obstacle.js';

/** A disk that only the source has and that is to be copied; nobody has looked yet whether it can be. */
export interface WantedCopy {
  /** Its place in the list of parts. */
  readonly part: number;
  readonly target: string;
  /** QEMU's name of the copy's job. */
  readonly job: string;
  /** As the definition says; what the image looks like a guest can make up. */
  readonly format: string;
  readonly path: string;
  /** `either`: what lies above a base that both hosts have, or else all of it. */
  readonly how: CopyStorage | 'either';
  /** What vxmig's own image would have as its mark; null: the domain is somebody else's. */
  readonly own: VolumeMark | null;
  readonly arriving: VolumeMark;
  /** The chain below it, from its top. */
  readonly bases: readonly { readonly part: number; readonly path: string; readonly isProven: boolean }[];
}

interface Wanting {
  readonly topology: Topology;
  readonly vm: Vm;
  readonly from: string;
  readonly definition: DomainDefinition;
}

/** @param verdicts of the parts, in their order */
export function wantedCopies(
  { topology, vm, from, definition }: Wanting,
  parts: readonly DiskPart[],
  verdicts: readonly (ProvenDisk | Obstacle)[],
): WantedCopy[] {
  const own = ownDisks(topology, vm);
  const drives = drivesOf(definition);
  const targets = [...new Set(parts.map(({ target }) => target))];
  const isProven = (part: number) => 'by' in (verdicts[part] ?? {});
  return parts.flatMap(({ name, target, use, place }, part): WantedCopy[] => {
    const verdict = verdicts[part];
    if (verdict === undefined || 'by' in verdict || verdict.code !== 'DISK_NOT_SHARED') return [];
    if (use !== 'written' || name !== target || place.kind !== 'path') return [];
    const disk = own.get(target);
    const how = vm.migration.copyStorage ?? (disk?.goesAlong === true ? 'either' : null);
    if (how === null) return [];
    const mark = disk?.mark ?? { topology: topology.name, vm: vm.name, index: targets.indexOf(target) };
    const bases = parts.flatMap((other, index) =>
      other.target === target && index !== part && other.use === 'read' && other.place.kind === 'path'
        ? [{ part: index, path: other.place.path, isProven: isProven(index) }]
        : [],
    );
    return [
      {
        part,
        target,
        ...(drives.get(target) ?? NO_DRIVE),
        path: place.path,
        how,
        own: disk?.mark ?? null,
        arriving: { ...mark, from },
        bases,
      },
    ];
  });
}

type Drive = Pick<WantedCopy, 'job' | 'format'>;

/** libvirt's default (formatdomain, "Hard drives": `driver`). */
const NO_DRIVE: Drive = { job: '', format: 'raw' };

/** By the guest's names. A job is called `drive-` and the device's alias (libvirt, qemuMigrationSrcNBDStorageCopy). */
function drivesOf({ disks }: DomainDefinition): Map<string, Drive> {
  return new Map(
    disks.map(({ target, element }) => {
      const alias = attribute(child(element, 'alias'), 'name');
      const format = attribute(child(element, 'driver'), 'type') ?? NO_DRIVE.format;
      return [target, { job: alias === null ? '' : `drive-${alias}`, format }];
    }),
  );
}

/** Of a guest whose definition vxmig writes; of another one none. */
function ownDisks(topology: Topology, vm: Vm): Map<string, { mark: VolumeMark; goesAlong: boolean }> {
  const targets = targetsOf(vm.disks.map(({ bus }) => bus));
  return new Map(
    volumesOf(topology, vm).map(({ index, storage }) => [
      targets[index] ?? '',
      {
        mark: { topology: topology.name, vm: vm.name, index },
        goesAlong: storageKindOf(storage.kind).isOfOneHost,
      },
    ]),
  );
}
