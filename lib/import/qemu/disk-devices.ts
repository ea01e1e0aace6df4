import type { Guest, GuestDisk } from '../guest.js';
import type { Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import { type DiskPlace, driveDisk } from './disks.js';
import type { IoThreads } from './io-threads.js';
import type { Machine } from './machine.js';
import type { PciAddresses } from './pci-addresses.js';
import type { Properties } from './properties.js';
import type { Drives } from './storage.js';

const DRIVER = new RegExp(
  `^(?:${[
    'virtio-blk(?:-pci(?:-(?:non-)?transitional)?|-device|-ccw)?',
    ...['ide-(?:hd|cd|drive)', 'scsi-(?:hd|cd|disk|block|generic)', 'usb-storage', 'nvme', 'sd-card', 'floppy'],
  ].join('|')})$`,
);

export function isDisk(driver: string): boolean {
  return DRIVER.test(driver);
}

/** Libvirt's models of SCSI controllers by QEMU's names. */
const CONTROLLERS: Readonly<Record<string, string>> = {
  'virtio-scsi-pci': 'virtio-scsi',
  'virtio-scsi-pci-transitional': 'virtio-transitional',
  'virtio-scsi-pci-non-transitional': 'virtio-non-transitional',
  'virtio-scsi-device': 'virtio-scsi',
  'virtio-scsi-ccw': 'virtio-scsi',
  lsi: 'lsilogic',
  lsi53c895a: 'lsilogic',
  lsi53c810: 'lsilogic',
  mptsas1068: 'lsisas1068',
  megasas: 'lsisas1078',
  pvscsi: 'vmpvscsi',
  am53c974: 'am53c974',
  'spapr-vscsi': 'ibmvscsi',
};

export interface ControllerContext {
  readonly threads: IoThreads;
  readonly remarks: Remarks;
}

/** The controllers of disks, which disks name by their id. */
export class DiskControllers {
  readonly #scsi: { readonly id: string; readonly model: string }[] = [];
  readonly #sata: string[] = [];

  /** @returns false where it is no such controller */
  add(driver: string, device: Properties, guest: Guest, { threads, remarks }: ControllerContext): boolean {
    const model = CONTROLLERS[driver];
    const isSata = /^(?:ich9-)?ahci$/.test(driver);
    if (model === undefined && !isSata) return false;
    const id = device.take('id') ?? '';
    const index = (isSata ? this.#sata.push(id) : this.#scsi.push({ id, model: model ?? '' })) - 1;
    const queues = device.take('num_queues');
    const iothread = model === 'virtio-scsi' ? threads.take(device) : null;
    device.take('bus', 'addr', 'multifunction', 'event_idx', 'ioeventfd', 'x-disable-legacy-check');
    device.tellRest(remarks);
    const isCounted = queues !== null && /^[1-9]\d{0,3}$/.test(queues);
    guest.devices.push(
      tag('controller', { type: isSata ? 'sata' : 'scsi', index, model: model ?? null }, [
        isCounted || iothread !== null ? tag('driver', { queues: isCounted ? queues : null, iothread }) : null,
      ]),
    );
    return true;
  }

  isSata(bus: string): boolean {
    return this.#sata.some((id) => id !== '' && bus.startsWith(`${id}.`));
  }

  /** Which SCSI controller that bus is of; null: of none that is known. */
  scsi(bus: string): { readonly index: number; readonly model: string } | null {
    const index = this.#scsi.findIndex(({ id }) => id !== '' && bus.replace(/\.\d+$/, '') === id);
    const found = this.#scsi[index];
    return found === undefined ? null : { index, model: found.model };
  }
}

export interface DiskContext {
  readonly drives: Drives;
  readonly controllers: DiskControllers;
  readonly threads: IoThreads;
  readonly addresses: PciAddresses;
  readonly machine: Machine;
  readonly remarks: Remarks;
}

/** `-device virtio-blk-pci,drive=…` with what its drive says; null: libvirt cannot have it, which is told. */
export function deviceDisk(driver: string, device: Properties, context: DiskContext): GuestDisk | null {
  const { drives, remarks } = context;
  const id = device.take('drive');
  const drive = id === null ? null : (drives.byId.take(id) ?? drives.nodes.take(id));
  const isEmpty = id === null && /cd|floppy/.test(driver);
  if (drive === null && !isEmpty) {
    remarks.lost(
      device.origin,
      `there is no drive ${id ?? 'for it'}`,
      'Write its `<disk>` into the definition by hand.',
    );
    device.takeAll(/(?:)/);
    return null;
  }
  const isCd = /-cd$/.test(driver) || drive?.peek('media') === 'cdrom';
  const place = placeOf(driver, device, isCd, context);
  const size = blockio(device);
  const queues = device.take('num-queues');
  const thread = place.bus === 'virtio' ? context.threads.take(device) : null;
  const share = device.flag('share-rw');
  device.take(
    'id',
    'scsi',
    'config-wce',
    'write-cache',
    'rotation_rate',
    'removable',
    'device_id',
    'channel',
    'version',
  );
  device.take('ioeventfd', 'event_idx', 'queue-size', 'packed', 'werror', 'rerror', 'ver', 'max-io-size');
  device.tellRest(remarks);
  const more = size === null ? place.more : [size, ...place.more];
  const disk = drive === null ? emptyDisk(place) : driveDisk(drive, { ...place, more }, remarks);
  if (disk === null) return null;
  const isCounted = place.bus === 'virtio' && queues !== null && /^[1-9]\d{0,3}$/.test(queues);
  const served = { ...(isCounted ? { queues } : {}), ...(thread === null ? {} : { iothread: String(thread) }) };
  return { ...disk, shareable: share === true, driver: { ...disk.driver, ...served } };
}

function emptyDisk(place: DiskPlace): GuestDisk {
  return { ...place, source: null, format: null, readonly: place.device === 'cdrom', driver: {} };
}

function blockio(device: Properties): Tag | null {
  const [logical, physical] = [device.take('logical_block_size'), device.take('physical_block_size')];
  return logical === null && physical === null
    ? null
    : tag('blockio', { logical_block_size: logical, physical_block_size: physical });
}

function placeOf(driver: string, device: Properties, isCd: boolean, context: DiskContext): DiskPlace {
  const index = device.take('bootindex');
  const common = {
    bootIndex: index !== null && /^\d{1,9}$/.test(index) ? Number(index) : null,
    serial: device.take('serial'),
  };
  const device_ = isCd ? 'cdrom' : driver === 'floppy' ? 'floppy' : /block|generic/.test(driver) ? 'lun' : 'disk';
  const place = (bus: DiskPlace['bus'], slot: number | null, more: readonly Tag[] = []): DiskPlace => ({
    ...common,
    bus,
    device: device_,
    slot,
    more,
  });
  if (driver === 'nvme')
    context.remarks.changed(
      device.origin,
      'an NVMe disk is a virtio one',
      'See that the guest has virtio_blk, and names its disk by UUID or LABEL.',
    );
  if (driver.startsWith('virtio-blk') || driver === 'nvme') {
    const address = context.addresses.take(device);
    return place('virtio', null, address === null ? [] : [address]);
  }
  const [bus, unit] = [device.take('bus') ?? '', Number(device.take('unit') ?? 0)];
  if (driver.startsWith('scsi')) return place('scsi', null, scsiAddress(bus, device, context));
  if (driver === 'usb-storage') {
    device.take('port');
    return place('usb', null);
  }
  if (driver === 'floppy') return place('fdc', unit === 1 ? 1 : 0);
  if (driver === 'sd-card') return place('sd', null);
  const number = Number(/\.(\d{1,2})$/.exec(bus)?.[1] ?? Number.NaN);
  const isSata = context.machine.isQ35 || !context.machine.isX86 || context.controllers.isSata(bus);
  if (isSata) return place('sata', Number.isInteger(number) && number <= 5 ? number : null);
  const slot = number * 2 + unit;
  return place('ide', Number.isInteger(slot) && slot <= 3 ? slot : null);
}

function scsiAddress(bus: string, device: Properties, { controllers }: DiskContext): Tag[] {
  const [target, unit] = [device.take('scsi-id') ?? '0', device.take('lun') ?? '0'];
  const controller = controllers.scsi(bus);
  if (controller === null || !/^\d{1,3}$/.test(target) || !/^\d{1,5}$/.test(unit)) return [];
  // Of this one libvirt counts units, where QEMU counts targets.
  const where = controller.model === 'lsilogic' ? { target: 0, unit: target } : { target, unit };
  return [tag('address', { type: 'drive', controller: controller.index, bus: 0, ...where })];
}
