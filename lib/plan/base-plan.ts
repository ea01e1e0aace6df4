import type { BaseSight, UploadStep } from '../model/base-image.js';
import type { Change } from '../model/change.js';
import { VxmigError } from '../model/errors.js';
import { formatBytes } from '../model/quantities.js';
import { shellLine } from '../model/quote.js';
import type { Image, Topology, Vm } from '../model/topology.js';
import type { VolumeStep } from '../model/volume-step.js';
import { placeText } from '../storage/place-text.js';
import { change } from './change.js';
import { volumesOf } from './disk-xml.js';
import type { ObservedVms } from './observed.js';

/** `image: debian`, on whatever machine it was built. */
export const DEBIAN_IMAGE = '/var/lib/vxmig/images/debian/disk.qcow2';

/** Where images lie that have been sent to a host. By its content: what is there already is the same. */
export function uploadPath(digest: string, format: string): string {
  return `/var/lib/vxmig/images/uploads/${digest}.${format}`;
}

/** An image on this machine. */
export interface LocalImage {
  readonly path: string;
  readonly sight: BaseSight;
  /** SHA-256 in hexadecimal digits; empty where it was not read. */
  readonly digest: string;
}

/** What the first disk of a VM is to begin with, as it was looked for. */
export interface FoundBase {
  readonly host: string;
  /** On the host, where it is or is to come. */
  readonly path: string;
  readonly sight: BaseSight;
  /** What can be sent there; null: nothing was looked for. */
  readonly here: LocalImage | null;
}

/** By VM; only of those whose first disk has to be made. */
export type Bases = ReadonlyMap<string, FoundBase>;

export interface WantedBase {
  readonly vm: Vm;
  readonly image: Exclude<Image, { kind: 'micro' }>;
}

/** VMs whose first disk is not there, so that it has to be made of something. */
export function wantedBases(topology: Topology, hosts: readonly Pick<ObservedVms, 'host' | 'volumes'>[]): WantedBase[] {
  return topology.vms.flatMap((vm) => {
    const [first] = volumesOf(topology, vm);
    if (vm.source.kind !== 'image' || vm.source.image.kind === 'micro' || first === undefined) return [];
    const { image } = vm.source;
    const seen = hosts.find(({ host }) => host === vm.host)?.volumes ?? [];
    const isAbsent = seen.some((one) => one.place === placeText(first.place) && one.image.kind === 'absent');
    return isAbsent ? [{ vm, image }] : [];
  });
}

/**
 * The path on its host of what the VM's first disk begins with, there or to be sent there.
 *
 * @param bases null: nobody has looked, and nothing is made
 * @throws VxmigError HOST_UNFIT, NOT_FOUND where there is none that may be taken
 */
export function basePath(vm: Vm, bases: Bases | null): string {
  if (bases === null) return uploadPath('unknown', 'raw');
  const found = bases.get(vm.name);
  if (found === undefined) throw new Error(`the image of ${vm.name} was not looked for`);
  const { path, sight, here } = found;
  const taken = sight.kind === 'absent' ? (here?.sight ?? sight) : sight;
  if (taken.kind === 'absent') throw absent(vm, found);
  if (taken.kind === 'refused') throw refused(vm, found, taken.why);
  const wanted = vm.disks[0]?.sizeBytes ?? null;
  if (wanted !== null && wanted < taken.sizeBytes) throw tooSmall(vm, wanted, taken.sizeBytes);
  return path;
}

/** Of the disks that are to be made: each image once. */
export function planUploads(
  host: string,
  volumes: readonly VolumeStep[],
  bases: Bases | null,
): { readonly uploads: readonly UploadStep[]; readonly changes: readonly Change[] } {
  const needed = new Set(volumes.flatMap(({ base }) => base ?? []));
  const uploads = new Map<string, UploadStep>();
  for (const { host: at, path: place, sight, here } of bases?.values() ?? []) {
    if (at !== host || !needed.has(place) || sight.kind !== 'absent' || here?.sight.kind !== 'there') continue;
    const { path: source, digest } = here;
    uploads.set(place, { source, place, digest, fileBytes: here.sight.fileBytes });
  }
  const steps = [...uploads.values()];
  const changes = steps.map(({ source, place, fileBytes }) =>
    change(host, 'image', place, 'create', `${formatBytes(fileBytes)} are sent there of ${source}`),
  );
  return { uploads: steps, changes };
}

function absent(vm: Vm, { host, path, here }: FoundBase): VxmigError {
  const where = `${host} ${path}`;
  if (path === DEBIAN_IMAGE) {
    const hint = '`vxmig image debian` builds it on this machine, in some minutes; then apply takes it from there.';
    return new VxmigError('HOST_UNFIT', `\`image: debian\` of ${vm.name} is neither on ${host} nor here`, {
      where,
      hint: `Nothing was changed. ${hint}`,
    });
  }
  if (here !== null) {
    return new VxmigError('NOT_FOUND', `the image of ${vm.name} is not here: ${here.path}`, {
      where: here.path,
      hint: 'With `upload: true` it is a file on this machine, and its path counts from the topology file’s directory.',
    });
  }
  return new VxmigError('HOST_UNFIT', `the image of ${vm.name} is not on ${host}: ${path}`, {
    where,
    hint: 'Nothing was changed. Copy it there, or say `upload: true` beside `image:` for a file on this machine.',
  });
}

function refused(vm: Vm, { host, path, here, sight }: FoundBase, why: string): VxmigError {
  const [place, at] = sight.kind === 'absent' && here !== null ? [here.path, 'here'] : [path, `on ${host}`];
  const convert = shellLine(['qemu-img', 'convert', '-O', 'qcow2', place, 'whole.qcow2']);
  return new VxmigError('HOST_UNFIT', `the image of ${vm.name}, ${place} ${at}, is not taken: ${why}`, {
    where: place,
    hint:
      'Nothing was changed. It has to be a raw or qcow2 image that is whole by itself: of one that you trust ' +
      `\`${convert}\` makes such a one.`,
  });
}

function tooSmall(vm: Vm, wanted: number, bytes: number): VxmigError {
  const sizes = `disk 1 of ${vm.name} is to have ${formatBytes(wanted)}, and its image has ${formatBytes(bytes)}`;
  return new VxmigError('HOST_UNFIT', `${sizes}, of which nothing is cut off`, {
    where: `disks of VM ${vm.name}`,
    hint: 'Nothing was changed. Give the disk a larger `size`, or leave `size` out.',
  });
}
