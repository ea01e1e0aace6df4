import type { Guest } from '../guest.js';
import { PASSED_DEVICE } from '../peripheral-tags.js';
import type { Remarks } from '../remarks.js';
import { tag } from '../tag.js';
import { readPort, readTpm } from './lines.js';
import type { QemuObjects } from './objects.js';
import type { Options } from './options.js';
import type { Properties } from './properties.js';

export interface DeviceContext {
  readonly guest: Guest;
  readonly chardevs: QemuObjects;
  readonly objects: QemuObjects;
  readonly options: Options;
  readonly remarks: Remarks;
}

type Kind = 'usb' | 'balloon';

const HAND = 'Where the guest needs it, write it into the definition, or as `<qemu:commandline>`.';

const INPUTS: Readonly<Record<string, readonly [type: string, bus: string]>> = {
  'usb-tablet': ['tablet', 'usb'],
  'usb-mouse': ['mouse', 'usb'],
  'usb-kbd': ['keyboard', 'usb'],
  'virtio-tablet-pci': ['tablet', 'virtio'],
  'virtio-mouse-pci': ['mouse', 'virtio'],
  'virtio-keyboard-pci': ['keyboard', 'virtio'],
};
const USB: Readonly<Record<string, string>> = {
  'piix3-usb-uhci': 'piix3-uhci',
  'piix4-usb-uhci': 'piix4-uhci',
  'usb-ehci': 'ehci',
  'ich9-usb-ehci1': 'ich9-ehci1',
  'nec-usb-xhci': 'nec-xhci',
  'qemu-xhci': 'qemu-xhci',
  'pci-ohci': 'pci-ohci',
};
const SOUND: Readonly<Record<string, string>> = {
  'intel-hda': 'ich6',
  'ich9-intel-hda': 'ich9',
  AC97: 'ac97',
  ES1370: 'es1370',
  sb16: 'sb16',
  'usb-audio': 'usb',
};
const WATCHDOGS = ['i6300esb', 'ib700', 'diag288', 'itco'];

/** Places for other devices, of which libvirt has its own; and what comes with another device. */
const FRAME = new RegExp(
  `^(?:${[
    ...['pci-bridge', 'pcie-root-port', 'ioh3420', 'pcie-pci-bridge', 'i82801b11-bridge', 'pxb(?:-pcie)?'],
    ...['dmi-to-pci-bridge', 'x3130-upstream', 'xio3130-downstream', 'virtio-serial(?:-pci|-device|-ccw)?'],
    ...['isa-fdc', 'usb-hub', 'ich9-usb-uhci[1-6]', 'ich9-usb-ehci2'],
  ].join('|')})$`,
);
const CODEC = /^hda-(?:duplex|output|micro)$/;

const REASONS: readonly (readonly [pattern: RegExp, why: string, hint: string])[] = [
  [
    /^(?:vfio-|pci-assign|usb-host|usb-redir|scsi-passthrough|vhost-vdpa|u2f-passthru)/,
    PASSED_DEVICE.why,
    PASSED_DEVICE.hint,
  ],
  [
    /^(?:virtio-9p|vhost-user-fs)/,
    'QEMU cannot move a VM while a directory of the host is mounted in it',
    'Share the directory over the network (NFS), or write `<filesystem>` for a VM that stays where it is.',
  ],
  [
    /^ivshmem/,
    'memory that is shared with programs of the host does not move with the VM',
    'Let them speak over the network, or write `<shmem>` for a VM that stays where it is.',
  ],
  [
    /^(?:intel-iommu|virtio-iommu|amd-iommu)/,
    'it is of use for devices that are passed through, and guests of the guest',
    'Write `<iommu>` into the definition, if the guest needs it.',
  ],
  [/^(?:pvpanic)/, 'libvirt names it otherwise', "Write `<panic model='isa'/>` into the definition."],
  [/^(?:vhost-user-|virtio-pmem|nvdimm|pc-dimm|virtio-mem)/, 'it is tied to a program or to memory of its host', HAND],
];

/** One of the devices that are neither disks nor NICs nor cards. @returns of which kind it is, where others ask */
export function otherDevice(driver: string, device: Properties, context: DeviceContext): Kind | null {
  const { guest, remarks } = context;
  device.take('id');
  if (FRAME.test(driver)) return driver.includes('usb') ? 'usb' : null;
  const [type, bus] = INPUTS[driver] ?? [];
  if (type !== undefined) {
    device.take('bus', 'port', 'addr', 'usb_version', 'display', 'head');
    guest.devices.push(tag('input', { type, bus }));
  } else if (USB[driver] !== undefined) usbController(USB[driver], device, guest);
  else if (SOUND[driver] !== undefined) sound(SOUND[driver], device, context);
  else if (CODEC.test(driver)) takeAudio(device, context);
  else if (/^virtio-balloon/.test(driver)) balloon(device, guest);
  else if (/^virtio-rng/.test(driver)) rng(device, context);
  else if (/^(?:virtserialport|virtconsole|isa-serial|pci-serial|usb-serial|isa-debugcon|spapr-vty)$/.test(driver))
    readPort(driver, device, context);
  else if (/^tpm-(?:tis|crb|tis-device|spapr)$/.test(driver)) readTpm(driver, device, context);
  else if (WATCHDOGS.includes(driver)) {
    device.take('bus', 'addr');
    guest.devices.push(tag('watchdog', { model: driver, action: watchdogAction(context.options) }));
  } else if (driver === 'vmgenid') {
    const guid = device.take('guid') ?? 'auto';
    guest.more.push(tag('genid', {}, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(guid) ? guid : []));
  } else if (driver === 'vmcoreinfo') guest.features.push(tag('vmcoreinfo', { state: 'on' }));
  else if (/^vhost-vsock/.test(driver)) {
    guest.devices.push(tag('vsock', {}, [tag('cid', { auto: 'no', address: device.take('guest-cid') ?? '3' })]));
    device.take('bus', 'addr', 'vhostfd');
  } else {
    const [, why, hint] = REASONS.find(([pattern]) => pattern.test(driver)) ?? [];
    remarks.lost(device.origin, why ?? 'libvirt has no such device, or vxmig does not know it', hint ?? HAND);
    tellBackends(device, context);
    return null;
  }
  device.tellRest(remarks);
  return /^(?:usb|piix|ich9-usb|nec-usb|qemu-xhci|pci-ohci)/.test(driver)
    ? 'usb'
    : /balloon/.test(driver)
      ? 'balloon'
      : null;
}

/** What only that device would have had is gone with it. */
function tellBackends(device: Properties, { chardevs, objects, options, remarks }: DeviceContext): void {
  for (const [name, list] of [
    ['chardev', chardevs],
    ['memdev', objects],
    ['iommufd', objects],
  ] as const) {
    const backend = list.take(device.peek(name) ?? '');
    if (backend !== null) remarks.lost(backend.origin, 'it is for a device that is not carried over', 'Nothing to do.');
  }
  const fsdev = device.peek('fsdev');
  for (const option of options.all('fsdev'))
    remarks.lost(
      option.origin,
      fsdev === null ? 'no device has it' : 'it is for a device that is not carried over',
      'Nothing to do.',
    );
}

function usbController(model: string, device: Properties, guest: Guest): void {
  const ports = [device.take('p2'), device.take('p3')];
  device.take('bus', 'addr', 'masterbus', 'firstport', 'multifunction', 'msi', 'msix');
  const index = guest.devices.filter(
    ({ name, attributes }) => name === 'controller' && attributes.type === 'usb',
  ).length;
  const count = model === 'qemu-xhci' || model === 'nec-xhci' ? (ports[0] ?? ports[1]) : null;
  guest.devices.push(
    tag('controller', { type: 'usb', index, model, ports: count !== null && Number(count) <= 15 ? count : null }),
  );
}

function sound(model: string, device: Properties, context: DeviceContext): void {
  takeAudio(device, context);
  context.guest.devices.push(tag('sound', { model }));
}

/** Where its sound goes is the host's: libvirt has a backend of its own. */
function takeAudio(device: Properties, { options, remarks }: DeviceContext): void {
  device.take('bus', 'addr', 'cad', 'audiodev');
  for (const { origin } of options.all('audiodev'))
    remarks.lost(origin, 'where sound goes on the host libvirt says itself', 'Write `<audio>` into the definition.');
}

function balloon(device: Properties, guest: Guest): void {
  device.take('bus', 'addr');
  const [reporting, deflate] = [device.flag('free-page-reporting'), device.flag('deflate-on-oom')];
  guest.devices.push(
    tag('memballoon', {
      model: 'virtio',
      freePageReporting: reporting === null ? null : reporting ? 'on' : 'off',
      autodeflate: deflate === null ? null : deflate ? 'on' : 'off',
    }),
  );
}

function rng(device: Properties, { guest, objects, remarks }: DeviceContext): void {
  const object = objects.take(device.take('rng') ?? '');
  const type = object?.take('qom-type') ?? 'rng-builtin';
  const path = object?.take('filename') ?? null;
  object?.take('id');
  const [bytes, period] = [device.take('max-bytes'), device.take('period')];
  device.take('bus', 'addr');
  if (type === 'rng-egd') {
    remarks.lost(device.origin, 'entropy out of a socket of the host', "Write `<rng><backend model='egd'>` by hand.");
    return;
  }
  object?.tellRest(remarks);
  const isLimited = bytes !== null && /^[1-9]\d{0,9}$/.test(bytes);
  guest.devices.push(
    tag('rng', { model: 'virtio' }, [
      isLimited ? tag('rate', { bytes, period: period !== null && /^\d{1,9}$/.test(period) ? period : null }) : null,
      type === 'rng-builtin'
        ? tag('backend', { model: 'builtin' })
        : tag('backend', { model: 'random' }, path?.startsWith('/') === true ? path : '/dev/urandom'),
    ]),
  );
}

const ACTIONS = ['reset', 'shutdown', 'poweroff', 'pause', 'none', 'dump', 'inject-nmi'];

export function watchdogAction(options: Options): string {
  const value = options.last('watchdog-action')?.value ?? 'reset';
  return ACTIONS.includes(value) ? value : 'reset';
}
