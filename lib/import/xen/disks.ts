import { type DiskSource, diskSource, isRelative, SECRET_HINT } from '../disk-source.js';
import type { DiskBus, GuestDisk } from '../guest.js';
import type { Origin, Remarks } from '../remarks.js';
import { tag } from '../tag.js';
import { diskSpec, type XenDisk } from './disk-spec.js';

export interface XenDisks {
  readonly disks: readonly GuestDisk[];
  /** What the guest's kernel called it → what it will: `xvda2` → `vda`. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** @param origins a text for each disk, with its place */
export function xenDisks(origins: readonly Origin[], isHvm: boolean, remarks: Remarks): XenDisks {
  const renamed = new Map<string, string>();
  const disks: GuestDisk[] = [];
  let virtio = 0;
  let drives = 0;
  for (const origin of origins) {
    const spec = diskSpec(origin.text);
    if (spec === null) {
      remarks.lost(origin, 'no disk that xl-disk-configuration(5) knows', 'Write it into the definition by hand.');
      continue;
    }
    const source = sourceOf(spec, origin, remarks);
    if (source === undefined) continue;
    const bus = busOf(spec, isHvm);
    const slot = bus === 'virtio' ? virtio++ : slotOf(spec.vdev);
    disks.push(guestDisk(spec, { bus, slot, source }));
    if (bus === 'virtio') tellRename(spec, `vd${letter(slot ?? 0)}`, { origin, remarks, renamed });
    if (spec.cdrom) {
      const name = `sr${drives++}`;
      renamed.set(spec.vdev, name);
      if (spec.vdev.startsWith('xvd'))
        remarks.changed(
          origin,
          `${spec.vdev} is ${name} to the guest, a CD-ROM of IDE`,
          'See that its kernel has ata_piix and sr_mod, and that nothing in it names the drive otherwise.',
        );
    }
    tellOthers(spec, origin, remarks);
  }
  return { disks, renamed };
}

/** undefined: it cannot be had, and was told. */
function sourceOf(spec: XenDisk, origin: Origin, remarks: Remarks): DiskSource | null | undefined {
  if (spec.target === '') return null;
  const path = spec.physical && !spec.target.startsWith('/') ? `/dev/${spec.target}` : spec.target;
  const source = diskSource(path);
  if (source !== null && spec.physical) return { ...source, type: 'block', tag: tag('source', { dev: path }) };
  if (source !== null) {
    if (source.user !== undefined)
      remarks.lost({ ...origin, text: `id=${source.user}` }, 'libvirt keeps the secret of a user itself', SECRET_HINT);
    return source;
  }
  const why = isRelative(path) ? 'its path does not begin at the root' : 'its storage is none that is known';
  remarks.lost(origin, why, 'Write its `<disk>` into the definition by hand, with the whole path.');
  return undefined;
}

/** Paravirtual disks become virtio's; those of an emulated controller keep one that the guest has a driver for. */
function busOf({ vdev, cdrom }: XenDisk, isHvm: boolean): DiskBus {
  if (cdrom) return vdev.startsWith('sd') ? 'scsi' : 'ide';
  if (!isHvm) return 'virtio';
  if (vdev.startsWith('hd')) return slotOf(vdev) === null ? 'virtio' : 'ide';
  return vdev.startsWith('sd') ? 'scsi' : 'virtio';
}

/** Of IDE's four places; null: the next that is free. */
function slotOf(vdev: string): number | null {
  const slot = vdev.charCodeAt(2) - 97;
  return /^hd[a-d]\d*$/.test(vdev) ? slot : null;
}

function letter(index: number): string {
  return String.fromCharCode(97 + (index % 26));
}

function guestDisk(
  { format, access, cdrom, discard }: XenDisk,
  where: { readonly bus: DiskBus; readonly slot: number | null; readonly source: DiskSource | null },
): GuestDisk {
  return {
    ...where,
    device: cdrom ? 'cdrom' : 'disk',
    format,
    readonly: cdrom || access === 'r' || access === 'ro',
    shareable: access.endsWith('!'),
    // Where two hosts write to what only one caches, a move loses data; libvirt refuses to move such a VM.
    driver: { ...(cdrom ? {} : { cache: 'none' }), ...(discard === true ? { discard: 'unmap' } : {}) },
    serial: null,
    bootIndex: null,
    more: [],
  };
}

function tellRename(
  { vdev }: XenDisk,
  target: string,
  told: { readonly origin: Origin; readonly remarks: Remarks; readonly renamed: Map<string, string> },
): void {
  const { origin, remarks, renamed } = told;
  renamed.set(vdev, target);
  const part = /\d+$/.test(vdev);
  remarks.changed(
    origin,
    `${vdev} is ${target} to the guest${part ? ', and holds a file system without a partition table' : ''}`,
    `See that the guest's fstab and boot loader name it by UUID or LABEL, or as /dev/${target}, and that its kernel ` +
      'has virtio_blk' +
      (part ? '; nothing can boot from it but a kernel that is given to QEMU (`<kernel>`).' : '.'),
  );
}

const OTHER_HINT = 'Make the storage on each host, where the definition finds it under the same path.';

function tellOthers({ others, discard }: XenDisk, origin: Origin, remarks: Remarks): void {
  for (const text of others.filter((one) => !/^(?:backendtype=|direct-io-safe)/.test(one)))
    remarks.lost({ ...origin, text }, 'how Xen was to provide the disk; QEMU opens the path itself', OTHER_HINT);
  if (discard === false)
    remarks.lost({ ...origin, text: 'no-discard' }, 'it is the default with QEMU', 'Nothing to do.');
}
