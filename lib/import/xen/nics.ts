import type { GuestNic } from '../guest.js';
import { isDeviceName } from '../nic-tags.js';
import type { Origin, Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';

/** Of those that Xen's QEMU has, the ones that libvirt's driver for QEMU has, too. */
const MODELS: Readonly<Record<string, string>> = {
  e1000: 'e1000',
  'e1000-82540em': 'e1000',
  'e1000-82544gc': 'e1000-82544gc',
  'e1000-82545em': 'e1000-82545em',
  e1000e: 'e1000e',
  rtl8139: 'rtl8139',
  ne2k_pci: 'ne2k_pci',
  pcnet: 'pcnet',
  virtio: 'virtio',
  'virtio-net': 'virtio',
  'virtio-net-pci': 'virtio',
  netfront: 'virtio',
  vmxnet3: 'vmxnet3',
};

const LOST: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  script: ['vxmig connects the NIC itself', 'Nothing to do, unless the script does more: then look what.'],
  backend: ['only Xen has network domains', 'Nothing to do: vxmig connects the NIC on its host.'],
  vifname: ['vxmig names the taps', 'Where rules of the host name the device, name the one of `vxmig plan` there.'],
  gatewaydev: ['vxmig connects the NIC itself', 'Nothing to do.'],
  gateway: ['a gateway of the host’s is none of vxmig’s', 'Give the guest its gateway, as before.'],
  netmask: ['only the guest has addresses', 'Nothing to do.'],
  devid: ['libvirt counts NICs itself', 'Nothing to do.'],
  accel: ['it is Xen’s own', 'Nothing to do.'],
  trusted: ['it is Xen’s own', 'Nothing to do.'],
  ip: ['the topology says which addresses a NIC may use', 'Write `address: ADDRESS/LENGTH` at the NIC.'],
  mtu: ['the network of the topology has it', 'Write `mtu:` at the network.'],
};

/** @param isHvm it has an emulated NIC besides the paravirtual one */
export function xenNic(origin: Origin, isHvm: boolean, remarks: Remarks): GuestNic {
  const settings = new Map(
    origin.text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => {
        const at = part.indexOf('=');
        return at < 0 ? ([part, ''] as const) : ([part.slice(0, at).trim(), part.slice(at + 1).trim()] as const);
      }),
  );
  const take = (key: string): string | null => {
    const value = settings.get(key) ?? null;
    settings.delete(key);
    return value;
  };
  const at = (text: string): Origin => ({ ...origin, text });
  const mac = take('mac');
  const model = modelOf({ type: take('type'), model: take('model'), isHvm }, at, remarks);
  const connection = connectionOf(take('bridge'), /openvswitch/.test(settings.get('script') ?? ''), at, remarks);
  const more = bandwidth(take('rate'), at, remarks);
  for (const [key, value] of settings) {
    const text = value === '' ? key : `${key}=${value}`;
    const [why, hint] = LOST[key] ?? ['no setting of a vif that is known', 'Look what it meant, and say so by hand.'];
    remarks.lost(at(text), why, hint);
  }
  return { mac, model, connection, queues: null, bootIndex: null, more, origin };
}

function modelOf(
  { type, model, isHvm }: { readonly type: string | null; readonly model: string | null; readonly isHvm: boolean },
  at: (text: string) => Origin,
  remarks: Remarks,
): string {
  const isParavirtual = !isHvm || type === 'vif' || type === 'netfront';
  if (isParavirtual) {
    remarks.changed(
      at(model === null ? 'netfront' : `model=${model}`),
      'a paravirtual NIC of Xen is a virtio one with KVM',
      'See that the guest has virtio_net, and that its network settings do not hang on the name of the device.',
    );
    return 'virtio';
  }
  const known = MODELS[model ?? 'rtl8139'];
  if (known !== undefined) return known;
  remarks.changed(at(`model=${model}`), 'KVM has no such NIC: it is an e1000', 'Choose another `<model>` if you like.');
  return 'e1000';
}

/** `xenbr0`; of Open vSwitch also `ovsbr0.TAG` and `ovsbr0:TRUNK:…` (xl-network-configuration(5)). */
function connectionOf(
  bridge: string | null,
  isOpenVswitch: boolean,
  at: (text: string) => Origin,
  remarks: Remarks,
): GuestNic['connection'] {
  if (bridge === null || bridge === '') return { kind: 'tap', device: null };
  if (!isOpenVswitch || !/[.:]/.test(bridge)) return plainBridge(bridge, at, remarks);
  const [, name = bridge, tagged, trunk] = /^([^.:]+)(?:\.(\d{1,4}))?((?::\d{1,4})+)?$/.exec(bridge) ?? [];
  if (trunk !== undefined) {
    remarks.lost(
      at(`bridge=${bridge}`),
      `it is a trunk for the VLANs ${trunk.slice(1).replaceAll(':', ', ')}, and an overlay network is one segment`,
      'Give the VM a NIC for each network.',
    );
    return plainBridge(name, at, remarks);
  }
  const vlan = tagged === undefined || Number(tagged) > 4094 ? null : Number(tagged);
  const plain = plainBridge(vlan === null ? bridge : name, at, remarks);
  return plain.kind === 'bridge' ? { ...plain, vlan } : plain;
}

function plainBridge(bridge: string, at: (text: string) => Origin, remarks: Remarks): GuestNic['connection'] {
  if (isDeviceName(bridge)) return { kind: 'bridge', bridge, vlan: null };
  remarks.lost(at(`bridge=${bridge}`), 'no name that a bridge can have', 'Nothing to do: vxmig connects the NIC.');
  return { kind: 'tap', device: null };
}

/** `10Mb/s`, `250KB/s@20ms`: bits or bytes a second; libvirt counts in KiB a second. */
function bandwidth(rate: string | null, at: (text: string) => Origin, remarks: Remarks): Tag[] {
  if (rate === null) return [];
  const [, amount = '', unit = '', kind = ''] = /^(\d{1,9})([KMG]?)([Bb])\/s(?:@.*)?$/.exec(rate) ?? [];
  const factor = { '': 1, K: 1e3, M: 1e6, G: 1e9 }[unit] ?? 1;
  const average = Math.floor((Number(amount) * factor) / (kind === 'b' ? 8 : 1) / 1024);
  if (average < 1) {
    remarks.lost(at(`rate=${rate}`), 'a rate that libvirt cannot count', 'Write `<bandwidth>` into the `<interface>`.');
    return [];
  }
  return [tag('bandwidth', {}, [tag('outbound', { average })])];
}
