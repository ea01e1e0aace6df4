import type { DiskBus, GuestDisk } from './guest.js';
import { type Tag, tag } from './tag.js';

const PREFIX: Readonly<Record<DiskBus, string>> = {
  virtio: 'vd',
  ide: 'hd',
  sata: 'sd',
  scsi: 'sd',
  usb: 'sd',
  sd: 'sd',
  fdc: 'fd',
};

/** A disk and what libvirt calls it. */
export interface NamedDisk {
  readonly disk: GuestDisk;
  /** `vda`: unique in the domain, and by its letter the place on its bus (formatdomain, "Hard drives"). */
  readonly target: string;
}

/** Those that say where they are have their places; the others have the first that are free. */
export function namedDisks(disks: readonly GuestDisk[]): NamedDisk[] {
  const taken = new Set<string>();
  const free = new Map<string, number>();
  const names = new Map<GuestDisk, string>();
  const firstFree = (bus: DiskBus): number => {
    let slot = free.get(PREFIX[bus]) ?? 0;
    while (taken.has(targetName(bus, slot))) slot += 1;
    free.set(PREFIX[bus], slot);
    return slot;
  };
  const fixed = disks.filter(({ slot }) => slot !== null);
  for (const disk of [...fixed, ...disks.filter(({ slot }) => slot === null)]) {
    const isFree = disk.slot !== null && !taken.has(targetName(disk.bus, disk.slot));
    const target = targetName(disk.bus, isFree ? (disk.slot ?? 0) : firstFree(disk.bus));
    taken.add(target);
    names.set(disk, target);
  }
  return disks.map((disk) => ({ disk, target: names.get(disk) ?? '' }));
}

/** a … z, aa, ab, … as Linux counts disks. */
function targetName(bus: DiskBus, slot: number): string {
  let letters = '';
  for (let left = slot; left >= 0; left = Math.floor(left / 26) - 1)
    letters = String.fromCharCode(97 + (left % 26)) + letters;
  return PREFIX[bus] + letters;
}

/** @param order its turn in booting; null: none of its own */
export function diskTag({ disk, target }: NamedDisk, order: number | null): Tag {
  const { source, format, device, bus } = disk;
  const driver = { name: 'qemu', type: format, ...disk.driver };
  return tag('disk', { type: source?.type ?? 'file', device }, [
    tag('driver', driver),
    source === null ? null : source.tag,
    tag('target', { dev: target, bus }),
    disk.readonly || device === 'cdrom' ? tag('readonly') : null,
    disk.shareable === true ? tag('shareable') : null,
    disk.serial === null ? null : tag('serial', {}, disk.serial),
    order === null ? null : tag('boot', { order }),
    ...disk.more,
  ]);
}
