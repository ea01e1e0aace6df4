import type { Change } from '../model/change.js';
import { VxmigError } from '../model/errors.js';
import { formatBytes } from '../model/quantities.js';
import { shellLine } from '../model/quote.js';
import type { Topology, Vm } from '../model/topology.js';
import { isOf, markAt, markWords, type VolumeMark, type VolumeSight } from '../model/volume-sight.js';
import type { VolumeStep } from '../model/volume-step.js';
import { placeText, servedFile } from '../storage/place-text.js';
import { storageKindOf } from '../storage/registry.js';
import { change } from './change.js';
import { type PlacedVolume, volumesOf } from './disk-xml.js';
import type { ObservedHost } from './observed.js';

export interface VolumesPlan {
  readonly changes: readonly Change[];
  readonly steps: readonly VolumeStep[];
  /** What is left as it is, in sentences. */
  readonly warnings: readonly string[];
}

export interface PlanningVolumes {
  /** Whether libvirt knows the VM on any host: then its disks must be there. */
  readonly isDefined: (vm: Vm) => boolean;
  /** The path on the host of what its first disk begins with; asked only where that is made. */
  readonly baseOf: (vm: Vm) => string;
  /** What all hosts have. */
  readonly others: readonly SeenVolumes[];
}

/**
 * The images that VMs of one host need there, by what is seen: pure.
 *
 * @throws VxmigError CLASH, HOST_UNFIT
 */
export function planVolumes(
  topology: Topology,
  { host, volumes }: SeenVolumes,
  { isDefined, baseOf, others }: PlanningVolumes,
): VolumesPlan {
  const here = topology.vms.filter((vm) => vm.host === host);
  const plans = here.flatMap((vm) =>
    volumesOf(topology, vm).map((volume) =>
      planVolume(vm, volume, { host, seen: volumes, isDefined: isDefined(vm), baseOf, others }),
    ),
  );
  return {
    changes: plans.flatMap(({ changes }) => changes),
    steps: plans.flatMap(({ steps }) => steps),
    warnings: plans.flatMap(({ warnings }) => warnings),
  };
}

type SeenVolumes = Pick<ObservedHost, 'host' | 'volumes'>;

interface SeenFrom {
  readonly host: string;
  readonly seen: readonly VolumeSight[];
  readonly isDefined: boolean;
  readonly baseOf: (vm: Vm) => string;
  readonly others: readonly SeenVolumes[];
}

function planVolume(vm: Vm, volume: PlacedVolume, { host, seen, isDefined, baseOf, others }: SeenFrom): VolumesPlan {
  const place = placeText(volume.place);
  const sight = seen.find((one) => one.place === place);
  if (sight === undefined) throw new Error(`${place} was not looked at on ${host}`);
  const disk = `disk ${volume.index + 1} of ${vm.name}`;
  const { image, mark } = sight;
  const kind = storageKindOf(volume.storage.kind);
  const wanted = vm.disks[volume.index];
  if (image.kind === 'unmounted') {
    const isSeen = whoHas(others, host, place, volume).length > 0;
    if (isSeen || isDefined) return { changes: [], steps: [], warnings: [] };
    // What it begins with need not be there any more, if it is.
    const changes = [change(host, 'disk', place, 'create', 'if it is not there when its storage is mounted')];
    return { changes, steps: [], warnings: [] };
  }
  if (image.kind === 'undriven') throw undriven(disk, place, vm, image.driver);
  if (image.kind === 'half-made') throw halfMade(disk, place, host);
  if (image.kind === 'silent') throw unreadable(disk, place, host, image.why);
  if (image.kind === 'absent') {
    if (!kind.makes) throw notServed(disk, place, host);
    if (isDefined) throw lost(disk, place, host);
    const elsewhere = kind.isOfOneHost ? whoHas(others, host, place, volume) : [];
    if (elsewhere.length > 0) throw onAnother(disk, place, vm, elsewhere);
    const changes = [change(host, 'disk', place, 'create', 'it is not there')];
    return { changes, steps: [stepOf(vm, volume, place, baseOf)], warnings: [] };
  }
  if (!isOf(mark, volume) && kind.makes) throw foreign(disk, place, host, mark);
  const warnings: string[] = [];
  if (image.format !== volume.format && kind.makes)
    warnings.push(`${disk} (${place}) is ${image.format}, and the file says ${volume.format}: it is left as it is.`);
  const size = wanted?.sizeBytes ?? null;
  if (size !== null && size !== image.sizeBytes) {
    const now = `${disk} (${place}) has ${formatBytes(image.sizeBytes)}, and the file says ${formatBytes(size)}`;
    warnings.push(`${now}: it is left as it is. \`qemu-img resize\` changes it while the VM is off.`);
  }
  return { changes: [], steps: [], warnings };
}

function stepOf(
  vm: Vm,
  { topology, index, format }: PlacedVolume,
  place: string,
  baseOf: SeenFrom['baseOf'],
): VolumeStep {
  const base = index === 0 ? baseOf(vm) : null;
  return {
    place,
    format,
    base,
    sizeBytes: vm.disks[index]?.sizeBytes ?? null,
    mark: { topology, vm: vm.name, index },
  };
}

function unreadable(disk: string, place: string, host: string, why: string): VxmigError {
  return new VxmigError('HOST_UNFIT', `${disk} cannot be looked at on ${host}: ${place}: ${why}`, {
    where: `${host} ${place}`,
    hint:
      `Nothing was changed. \`qemu-img info -U ${place}\` on ${host} says the same; see whether its storage is ` +
      'there.',
  });
}

/** Before anything is made: the VM could not be started either. */
function undriven(disk: string, place: string, { name, host }: Vm, driver: string): VxmigError {
  return new VxmigError('HOST_UNFIT', `QEMU on ${host} has no driver for ${driver}, which ${disk} needs: ${place}`, {
    where: `${host} ${place}`,
    hint: `Nothing was changed. \`apt-get install qemu-block-extra\` on ${host}, and wherever else ${name} may go.`,
  });
}

/** Nobody knows how much of it is there, and another apply may be at it. */
function halfMade(disk: string, place: string, host: string): VxmigError {
  const { server, path } = servedFile(place) ?? { server: 'its server', path: place };
  const message = `${disk} is half made: an apply that was killed has left ${place} so, or another one makes it now`;
  return new VxmigError('HOST_UNFIT', message, {
    where: `${host} ${place}`,
    hint:
      'Nothing was changed. Where no other apply is at work, on the server ' +
      `${server}: \`${shellLine(['rm', '--', path, `${path}.vxmig`])}\`, and apply again.`,
  });
}

function notServed(disk: string, place: string, host: string): VxmigError {
  return new VxmigError('HOST_UNFIT', `${disk} is not served to ${host} as ${place}`, {
    where: `${host} ${place}`,
    hint: '`qemu-nbd --persistent --shared 8 --export-name NAME FILE` at the server serves an image under that name.',
  });
}

/** An empty one in its place would look as if all were well. */
function lost(disk: string, place: string, host: string): VxmigError {
  return new VxmigError('HOST_UNFIT', `${disk} is gone: ${place} is not there on ${host}, and its VM is defined`, {
    where: `${host} ${place}`,
    hint:
      'Nothing was changed. See whether its storage is there, or bring the image back. To begin anew, take the VM ' +
      'out of the file, apply, and put it in again.',
  });
}

interface OnAnother {
  readonly host: string;
  /** Of a copy on its way. */
  readonly from: string | null;
}

/** Hosts with an image of this very disk. */
function whoHas(others: readonly SeenVolumes[], host: string, place: string, volume: PlacedVolume): OnAnother[] {
  return others.flatMap((other) => {
    const mark = other.host === host ? null : markAt(other.volumes, place, volume);
    return mark === null ? [] : [{ host: other.host, from: mark.from ?? null }];
  });
}

/** A new one beside it would look as if all that was on it were lost. */
function onAnother(disk: string, place: string, { name, host }: Vm, elsewhere: readonly OnAnother[]): VxmigError {
  const [whole] = elsewhere.filter(({ from }) => from === null);
  const where = elsewhere.map(
    (one) => `${one.host}${one.from === null ? '' : ` (a copy on its way from ${one.from})`}`,
  );
  return new VxmigError('HOST_UNFIT', `${disk} is on ${where.join(' and ')}, and the file says ${host}`, {
    where: `${whole?.host ?? host} ${place}`,
    hint:
      whole === undefined
        ? 'Nothing was changed. The image that it was copied from is not there: bring that back, or move this one away.'
        : `Nothing was changed. Let the file say \`host: ${whole.host}\`, apply, and \`vxmig migrate FILE ${name} ` +
          `--to ${host}\` takes it along; or move that image away to begin anew.`,
  });
}

/** Somebody's only copy may be in it. */
function foreign(disk: string, place: string, host: string, mark: VolumeMark | null): VxmigError {
  const whose = mark === null ? 'vxmig has not made it' : `it is ${markWords(mark)}`;
  return new VxmigError('CLASH', `${place} is there already on ${host}, where ${disk} is to be, and ${whose}`, {
    where: `${host} ${place}`,
    hint: 'Nothing was changed. Move it away, or give the disk another `storage`; a VM of your own is `domain: NAME`.',
  });
}
