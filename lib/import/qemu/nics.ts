import type { GuestNic } from '../guest.js';
import { isDeviceName } from '../nic-tags.js';
import type { Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import type { QemuObjects } from './objects.js';
import type { Options } from './options.js';
import { Properties } from './properties.js';

/** QEMU's name of a NIC → libvirt's. */
const MODELS: Readonly<Record<string, string>> = {
  'virtio-net': 'virtio',
  'virtio-net-pci': 'virtio',
  'virtio-net-device': 'virtio',
  'virtio-net-ccw': 'virtio',
  'virtio-net-pci-transitional': 'virtio-transitional',
  'virtio-net-pci-non-transitional': 'virtio-non-transitional',
  virtio: 'virtio',
  e1000: 'e1000',
  'e1000-82540em': 'e1000',
  'e1000-82544gc': 'e1000-82544gc',
  'e1000-82545em': 'e1000-82545em',
  e1000e: 'e1000e',
  igb: 'igb',
  rtl8139: 'rtl8139',
  ne2k_pci: 'ne2k_pci',
  ne2k_isa: 'ne2k_isa',
  pcnet: 'pcnet',
  vmxnet3: 'vmxnet3',
  i82550: 'i82550',
  i82551: 'i82551',
  i82557b: 'i82557b',
  i82559er: 'i82559er',
  'usb-net': 'usb-net',
  'spapr-vlan': 'spapr-vlan',
  lan9118: 'lan9118',
  smc91c111: 'smc91c111',
  tulip: 'tulip',
};
/** What hands open checksums to the host, and libvirt cannot tell not to. */
const OFFLOADING = ['vmxnet3', 'e1000e', 'igb'];

export function isNic(driver: string): boolean {
  return Object.hasOwn(MODELS, driver) && driver !== 'virtio';
}

/** `-device NIC,netdev=…`. @param more an address, where it is known */
export function deviceNic(driver: string, device: Properties, netdevs: QemuObjects, told: NicTold): GuestNic {
  const name = device.take('netdev', 'vlan');
  const netdev = name === null ? null : netdevs.take(name);
  return nic({ model: driver, device, netdev }, told);
}

export interface NicTold {
  readonly remarks: Remarks;
  /** Of its place on the PCI bus. */
  readonly address: Tag | null;
}

function nic(
  {
    model,
    device,
    netdev,
  }: { readonly model: string; readonly device: Properties; readonly netdev: Properties | null },
  { remarks, address }: NicTold,
): GuestNic {
  const known = MODELS[model];
  const own = device.origin;
  if (known === undefined)
    remarks.changed(own, `libvirt has no NIC ${model}: it is an e1000`, 'Choose another `<model>`.');
  if (OFFLOADING.includes(known ?? ''))
    remarks.changed(
      own,
      `a NIC ${known} leaves checksums to the host, which Open vSwitch in userspace does not make`,
      'On such hosts (`datapath: netdev`) write virtio or e1000 in its place.',
    );
  const given = netdev?.take('queues') ?? '';
  const queues = /^\d{1,3}$/.test(given) ? Number(given) : 0;
  const bootIndex = device.take('bootindex');
  const romfile = device.take('romfile');
  const rom =
    romfile === ''
      ? tag('rom', { enabled: 'no' })
      : romfile?.startsWith('/') === true
        ? tag('rom', { file: romfile })
        : null;
  if (rom === null && romfile !== null)
    remarks.lost(device.at(`romfile=${romfile}`), 'its path does not begin at the root', 'Write `<rom>` by hand.');
  const mtu = device.take('host_mtu');
  if (mtu !== null)
    remarks.lost(device.at(`host_mtu=${mtu}`), 'the network of the topology has it', 'Write `mtu:` at the network.');
  const mac = device.take('mac', 'macaddr');
  // How a NIC hands frames to the host vxmig settles; how many vectors it has libvirt.
  device.take(
    'id',
    'name',
    'vectors',
    'mq',
    'packed',
    'rss',
    'hash',
    'tx',
    'event_idx',
    'ioeventfd',
    'rx_queue_size',
    'tx_queue_size',
  );
  device.takeAll(/^(?:csum|gso|guest_\w+|host_\w+|mrg_rxbuf|ctrl_\w+|failover|x-\S+|indirect_desc)$/);
  device.tellRest(remarks);
  const connection = netdev === null ? ({ kind: 'tap', device: null } as const) : connectionOf(netdev, remarks);
  netdev?.tellRest(remarks, 'vxmig connects the NIC itself', 'Nothing to do, unless others rely on it.');
  return {
    mac,
    model: known ?? 'e1000',
    connection,
    queues: known?.startsWith('virtio') === true && queues > 1 ? queues : null,
    bootIndex: bootIndex !== null && /^\d{1,9}$/.test(bootIndex) ? Number(bootIndex) : null,
    more: [rom, address].filter((one) => one !== null),
    origin: own,
  };
}

function connectionOf(netdev: Properties, remarks: Remarks): GuestNic['connection'] {
  const type = netdev.take('type');
  netdev.take(
    'id',
    'vhost',
    'vhostfd',
    'vhostfds',
    'fd',
    'fds',
    'sndbuf',
    'vnet_hdr',
    'poll-us',
    'vhostforce',
    'vlan',
    'name',
  );
  const bridge = netdev.take('br');
  const device = netdev.take('ifname');
  const isPlain = (name: string) => ['no', '/dev/null', ''].includes(netdev.peek(name) ?? '');
  for (const name of ['script', 'downscript', 'helper']) if (isPlain(name)) netdev.take(name);
  for (const name of ['script', 'downscript'] as const) {
    const path = netdev.take(name);
    if (path !== null)
      remarks.lost(
        netdev.at(`${name}=${path}`),
        'vxmig connects the NIC itself',
        'Look whether it does more than that.',
      );
  }
  if (type === 'bridge' || (type === 'tap' && bridge !== null)) {
    netdev.take('helper');
    if (isDeviceName(bridge ?? 'br0')) return { kind: 'bridge', bridge: bridge ?? 'br0', vlan: null };
    remarks.lost(netdev.at(`br=${bridge}`), 'no name that a bridge can have', 'Nothing to do: vxmig connects the NIC.');
    return { kind: 'tap', device: null };
  }
  if (type === 'tap') return { kind: 'tap', device: device !== null && /^[\w.-]{1,15}$/.test(device) ? device : null };
  if (type === 'user') {
    for (const [name, value] of netdev.takeAll(/^(?:hostfwd|guestfwd)/))
      remarks.lost(
        netdev.at(`${name}=${value}`),
        'a network of vxmig’s forwards no ports of the host',
        'The guest is reached by its own address in the network.',
      );
    netdev.tellRest(
      remarks,
      'QEMU’s own network is none of vxmig’s',
      'Give the guest an address in the topology’s network.',
    );
    return { kind: 'user' };
  }
  remarks.lost(
    netdev.origin,
    `a backend of type ${type ?? 'none'} is none that a bridge has`,
    'Nothing to do: vxmig connects the NIC to its network.',
  );
  netdev.takeAll(/(?:)/);
  return { kind: 'tap', device: null };
}

/** `-nic`, and `-net nic` with `-net tap` as QEMU had it before 2.11; what QEMU has by itself where nobody says. */
export function optionNics(
  options: Options,
  standard: string,
  {
    hasDevices,
    hasDefaults,
    remarks,
  }: { readonly hasDevices: boolean; readonly hasDefaults: boolean; readonly remarks: Remarks },
): GuestNic[] {
  const told = { remarks, address: null };
  const found: GuestNic[] = [];
  const isSaid = options.has('nic') || options.has('net');
  for (const one of options.properties('nic', 'type')) {
    if (one.peek('type') === 'none') continue;
    const [model, mac] = [one.take('model'), one.take('mac')];
    const device = Properties.of(mac === null ? '' : `mac=${mac}`, null, one.origin);
    found.push(nic({ model: model ?? standard, device, netdev: one }, told));
  }
  const net = options.properties('net', 'type').filter((one) => one.peek('type') !== 'none');
  const cards = net.filter((one) => one.peek('type') === 'nic');
  const backends = net.filter((one) => one.peek('type') !== 'nic');
  for (const card of cards) {
    card.take('type');
    const hub = card.take('vlan') ?? '0';
    const at = card.take('netdev');
    const backend = backends.find((one) => (at === null ? (one.peek('vlan') ?? '0') === hub : one.peek('id') === at));
    if (backend !== undefined) backends.splice(backends.indexOf(backend), 1);
    found.push(nic({ model: card.take('model') ?? standard, device: card, netdev: backend ?? null }, told));
  }
  for (const backend of backends)
    remarks.lost(backend.origin, 'no NIC is connected to it', 'Nothing to do, if the guest has its NICs.');
  if (isSaid || hasDevices || !hasDefaults) return found;
  const origin = { text: 'no -nic', place: null };
  remarks.changed(origin, `QEMU gives such a VM an ${standard} in a network of its own`, 'Nothing to do.');
  const device = Properties.of('', null, origin);
  return [nic({ model: standard, device, netdev: Properties.of('type=user', null, origin) }, told)];
}
