import { createHash } from 'node:crypto';
import type { GuestNic } from './guest.js';
import { type Tag, tag } from './tag.js';

const OFF = { tso4: 'off', tso6: 'off', ecn: 'off', ufo: 'off' } as const;

/**
 * A NIC that vxmig can connect. Offloads are off, because Open vSwitch in userspace does not make the checksums that a
 * guest leaves open: the same as `lib/plan/nic-offload.ts` asks of domains that are there already.
 */
export function nicTag(nic: GuestNic, mac: string, order: number | null): Tag {
  const { connection, model, queues } = nic;
  const isVirtio = model.startsWith('virtio');
  const vlan = connection.kind === 'bridge' ? connection.vlan : null;
  const driver = tag('driver', { name: 'qemu', queues }, [
    tag('host', { csum: 'off', gso: 'off', ...OFF }),
    tag('guest', { csum: 'off', ...OFF }),
  ]);
  return tag('interface', { type: { bridge: 'bridge', tap: 'ethernet', user: 'user' }[connection.kind] }, [
    tag('mac', { address: mac }),
    connection.kind === 'bridge' ? tag('source', { bridge: connection.bridge }) : null,
    connection.kind === 'tap' && connection.device !== null
      ? tag('target', { dev: connection.device, managed: 'no' })
      : null,
    vlan === null ? null : tag('vlan', {}, [tag('tag', { id: vlan })]),
    // Of bridges only Open vSwitch's know of tags.
    vlan === null ? null : tag('virtualport', { type: 'openvswitch' }),
    tag('model', { type: model }),
    isVirtio ? driver : null,
    order === null ? null : tag('boot', { order }),
    ...nic.more,
  ]);
}

/** A name that the kernel gives to devices, and libvirt takes (IFNAMSIZ). */
export function isDeviceName(name: string): boolean {
  return /^[A-Za-z0-9_.:-]{1,15}$/.test(name);
}

/** KVM's own prefix, and three bytes that are the same in each import of the same VM. */
export function stableMac(name: string, index: number): string {
  const bytes = createHash('sha256').update(`vxmig-import/${name}/${index}`).digest().subarray(0, 3);
  return ['52:54:00', ...Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
