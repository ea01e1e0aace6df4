import type { Guest } from '../guest.js';
import type { Remarks } from '../remarks.js';
import { tag } from '../tag.js';
import { readCharacters } from './characters.js';
import { DiskControllers, deviceDisk, isDisk } from './disk-devices.js';
import { readDisplays, VIDEO } from './displays.js';
import { IoThreads } from './io-threads.js';
import type { Machine } from './machine.js';
import { deviceNic, isNic, optionNics } from './nics.js';
import { QemuObjects } from './objects.js';
import type { Options } from './options.js';
import { otherDevice } from './other-devices.js';
import { PciAddresses } from './pci-addresses.js';
import type { Properties } from './properties.js';
import { type Storage, tellUnused } from './storage.js';

const BRIDGE = /bridge|root-port|ioh3420|upstream|downstream|pxb/;
const IDLE = 'Nothing to do, if nothing needs it.';

/** Everything that the guest has beside CPUs and memory. */
export function readDevices(
  options: Options,
  guest: Guest,
  {
    machine,
    storage,
    objects,
  }: { readonly machine: Machine; readonly storage: Storage; readonly objects: QemuObjects },
  remarks: Remarks,
): void {
  const hasDefaults = !options.has('nodefaults');
  const chardevs = QemuObjects.of(options, 'chardev', 'backend');
  const netdevs = QemuObjects.of(options, 'netdev', 'type');
  const addresses = new PciAddresses(machine);
  const controllers = new DiskControllers();
  const threads = new IoThreads(objects, remarks);
  const { drives } = storage;
  guest.disks.push(...storage.disks);
  const named = options
    .properties('device', 'driver')
    .map((device) => ({ driver: device.take('driver') ?? '', device }));
  for (const { device } of named) takeTransport(device);
  const rest = named.filter(({ driver, device }) => !controllers.add(driver, device, guest, { threads, remarks }));
  let hasCard = false;
  const others: { readonly driver: string; readonly device: Properties }[] = [];
  for (const { driver, device } of rest) {
    if (isDisk(driver)) {
      const disk = deviceDisk(driver, device, { drives, controllers, threads, addresses, machine, remarks });
      if (disk !== null) guest.disks.push(disk);
    } else if (isNic(driver)) {
      const address = addresses.take(device);
      guest.nics.push(deviceNic(driver, device, netdevs, { remarks, address }));
    } else if (Object.hasOwn(VIDEO, driver)) {
      hasCard = true;
      readCard(driver, device, guest, remarks);
    } else others.push({ driver, device });
  }
  const standard = machine.isX86 ? (machine.isQ35 ? 'e1000e' : 'e1000') : 'virtio';
  guest.nics.push(...optionNics(options, standard, { hasDevices: guest.nics.length > 0, hasDefaults, remarks }));
  readDisplays(options, guest, { machine, hasCard }, remarks);
  readCharacters(options, chardevs, guest, remarks);
  const found = new Set<string>();
  for (const { driver, device } of others) {
    const kind = otherDevice(driver, device, { guest, chardevs, objects, options, remarks });
    if (kind !== null) found.add(kind);
  }
  if (!found.has('balloon') && !options.flag('balloon')) guest.devices.push(tag('memballoon', { model: 'none' }));
  if (
    !found.has('usb') &&
    !options.has('usb') &&
    !options.has('usbdevice') &&
    !guest.disks.some(({ bus }) => bus === 'usb')
  )
    guest.devices.push(tag('controller', { type: 'usb', model: 'none' }));
  options.all('usb');
  const bridges = others.filter(({ driver }) => BRIDGE.test(driver)).length;
  if (bridges > 0)
    remarks.changed(
      { text: `${bridges} PCI bridges and ports`, place: null },
      'libvirt makes its own',
      'Nothing to do.',
    );
  guest.more.push(...threads.tags());
  addresses.tell(remarks);
  tellUnused(drives, remarks);
  netdevs.tellRest(remarks, 'no NIC is connected to it', IDLE);
  chardevs.tellRest(remarks, 'no device is connected to it that libvirt has', IDLE);
}

/** Which versions of virtio a device speaks: by itself both, where its bus has both, under libvirt as with QEMU. */
function takeTransport(device: Properties): void {
  if (['off', 'false'].includes(device.peek('disable-modern') ?? '')) device.take('disable-modern');
  if (['off', 'false', 'auto'].includes(device.peek('disable-legacy') ?? '')) device.take('disable-legacy');
}

function readCard(driver: string, device: Properties, guest: Guest, remarks: Remarks): void {
  const type = VIDEO[driver] ?? 'vga';
  device.take('id', 'bus', 'addr', 'multifunction', 'x-vga');
  const [vgamem, heads] = [device.take('vgamem_mb'), device.take('max_outputs')];
  const [ram, vram] = [device.take('ram_size'), device.take('vram_size')];
  device.take('vram64_size_mb');
  const kib = (bytes: string | null) =>
    bytes !== null && /^\d{1,12}$/.test(bytes) ? Math.floor(Number(bytes) / 1024) : null;
  const mib = (text: string | null) => (text !== null && /^\d{1,6}$/.test(text) ? Number(text) * 1024 : null);
  device.tellRest(remarks);
  const isFirst = !guest.devices.some(({ name }) => name === 'video');
  const isQxl = type === 'qxl';
  guest.devices.push(
    tag('video', {}, [
      tag('model', {
        type,
        ram: isQxl ? kib(ram) : null,
        vram: isQxl ? kib(vram) : type === 'vga' ? mib(vgamem) : null,
        vgamem: isQxl ? mib(vgamem) : null,
        heads: heads !== null && /^[1-9]\d?$/.test(heads) ? heads : null,
        primary: isFirst ? true : null,
      }),
    ]),
  );
}
