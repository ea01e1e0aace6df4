import type { DiskBus, GuestDisk } from '../guest.js';
import type { Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import { BlockNodes } from './block-nodes.js';
import { type DiskPlace, driveDisk, SNAPSHOT_HINT } from './disks.js';
import type { Machine } from './machine.js';
import { QemuObjects } from './objects.js';
import type { Options } from './options.js';
import { Properties } from './properties.js';

/** What disks are made of before it is known which device has which: `-drive if=none` and `-blockdev`. */
export interface Drives {
  readonly byId: QemuObjects;
  readonly nodes: BlockNodes;
}

export interface Storage {
  readonly drives: Drives;
  /** Disks that need no `-device`. */
  readonly disks: readonly GuestDisk[];
  /** Of `<os>`: the flash banks. */
  readonly firmware: readonly Tag[];
}

/** `if=…` → bus; null: what the machine has. */
const INTERFACES: Readonly<Record<string, DiskBus | null>> = {
  ide: null,
  virtio: 'virtio',
  scsi: 'scsi',
  floppy: 'fdc',
  sd: 'sd',
};

export function readStorage(options: Options, machine: Machine, remarks: Remarks): Storage {
  const nodes = new BlockNodes(options.properties('blockdev', null));
  const disks: GuestDisk[] = [];
  const flash: (Properties | null)[] = [null, null];
  const unattached: Properties[] = [];
  for (const drive of options.properties('drive', 'file')) {
    const kind = drive.peek('if');
    if (kind === 'none') unattached.push(drive);
    else if (kind === 'pflash')
      flash[Number(drive.take('unit', 'index') ?? (flash[0] === null ? 0 : 1)) === 0 ? 0 : 1] = drive;
    else disks.push(...attached(drive, kind, machine, remarks));
  }
  disks.push(...shortForms(options, machine, remarks));
  for (const [bank, name] of machine.flash.entries()) if (name !== null) flash[bank] = nodes.take(name);
  for (const { origin } of options.all('snapshot'))
    remarks.lost(origin, 'what the guest wrote went nowhere; under libvirt it is kept', SNAPSHOT_HINT);
  return { drives: { byId: new QemuObjects(unattached), nodes }, disks, firmware: flashTags(flash, remarks) };
}

/** What is left of them in the end. */
export function tellUnused({ byId, nodes }: Drives, remarks: Remarks): void {
  const hint = 'Nothing to do, if the guest has its disks.';
  byId.tellRest(remarks, 'no device is connected to it that libvirt has', hint);
  for (const node of nodes.unused()) remarks.lost(node.origin, 'no device is connected to it that libvirt has', hint);
}

function attached(drive: Properties, kind: string | null, machine: Machine, remarks: Remarks): GuestDisk[] {
  const bus =
    kind === null ? standardBus(machine) : (INTERFACES[kind] ?? (kind === 'ide' ? standardBus(machine) : null));
  if (bus === null) {
    remarks.lost(drive.origin, `libvirt has no disks of kind ${kind}`, 'Write it into the definition by hand.');
    return [];
  }
  const isCd = drive.peek('media') === 'cdrom';
  const index = drive.take('index');
  const [busNumber, unit] = [Number(drive.peek('bus') ?? 0), Number(drive.peek('unit') ?? 0)];
  const isPlaced = drive.peek('bus') !== null || drive.peek('unit') !== null;
  const slot = index !== null ? Number(index) : isPlaced ? busNumber * 2 + unit : null;
  const place = placeOn(isCd && bus === 'virtio' ? 'sata' : bus, { isCd, slot, machine });
  return [driveDisk(drive, place, remarks)].filter((disk) => disk !== null);
}

function standardBus({ isX86, isQ35 }: Machine): DiskBus {
  if (!isX86) return 'virtio';
  return isQ35 ? 'sata' : 'ide';
}

/** IDE has four places, a floppy controller two; a place beyond is the next that is free. */
function placeOn(
  bus: DiskBus,
  { isCd, slot, machine }: { readonly isCd: boolean; readonly slot: number | null; readonly machine: Machine },
): DiskPlace {
  const most = { ide: 3, fdc: 1, sata: 5 }[bus as string] ?? 25;
  const isKept = slot !== null && Number.isInteger(slot) && slot >= 0 && slot <= most;
  const device = bus === 'fdc' ? 'floppy' : isCd ? 'cdrom' : 'disk';
  return {
    bus: !machine.isX86 && bus === 'ide' ? 'sata' : bus,
    device,
    slot: isKept ? slot : null,
    bootIndex: null,
    serial: null,
    more: [],
  };
}

const SHORT: readonly (readonly [option: string, settings: string])[] = [
  ['hda', 'index=0'],
  ['hdb', 'index=1'],
  ['hdc', 'index=2'],
  ['hdd', 'index=3'],
  ['cdrom', 'index=2,media=cdrom'],
  ['fda', 'if=floppy,index=0'],
  ['fdb', 'if=floppy,index=1'],
  ['sd', 'if=sd,index=0'],
  ['mtdblock', 'if=mtd'],
  ['pflash', 'if=mtd'],
];

/** `-hda FILE` and the like; of `-pflash` and `-mtdblock` libvirt knows nothing without more. */
function shortForms(options: Options, machine: Machine, remarks: Remarks): GuestDisk[] {
  return SHORT.flatMap(([name, settings]) =>
    options.all(name).flatMap(({ value, origin }) => {
      const text = (value ?? '').replaceAll(',', ',,');
      const drive = Properties.of(`file=${text},${settings}`, null, origin);
      return attached(drive, drive.peek('if'), machine, remarks);
    }),
  );
}

/** The first is the code, which is read only; the second the store of variables (formatdomain, "BIOS bootloader"). */
function flashTags(flash: readonly (Properties | null)[], remarks: Remarks): Tag[] {
  const tags = flash.flatMap((bank, index): Tag[] => {
    if (bank === null) return [];
    const path = bank.take('file.filename', 'file.file.filename', 'filename', 'file');
    const format = bank.take('format', 'driver') ?? 'raw';
    const isReadonly = bank.flag('readonly', 'read-only') !== false;
    bank.takeAll(/^(?:if|id|unit|index|.*node-name|.*driver|.*auto-read-only|.*discard|file\.read-only)$/);
    if (path?.startsWith('/') !== true) {
      remarks.lost(
        bank.origin,
        'no file of firmware that begins at the root',
        'Write `<loader>` and `<nvram>` by hand.',
      );
      bank.takeAll(/(?:)/);
      return [];
    }
    bank.tellRest(remarks);
    const other = format === 'qcow2' ? format : null;
    if (index === 0) return [tag('loader', { readonly: isReadonly, type: 'pflash', format: other }, path)];
    remarks.changed(
      { ...bank.origin, text: path },
      'the store of UEFI’s variables is this file, and each VM needs one of its own',
      'See that it is on storage that all hosts share, at the same path.',
    );
    return [tag('nvram', { format: other }, path)];
  });
  // A store of variables alone is of no use to libvirt.
  return tags.some(({ name }) => name === 'loader') ? tags : [];
}
