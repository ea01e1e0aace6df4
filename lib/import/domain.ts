import { diskTag, namedDisks } from './disk-tags.js';
import type { Guest } from './guest.js';
import { nicTag } from './nic-tags.js';
import { type Tag, tag, tagText } from './tag.js';

/** The definition of the VM for libvirt's driver for QEMU and KVM (libvirt.org/formatdomain). */
export function domainText(guest: Guest, name: string, macs: readonly string[]): string {
  const orders = bootOrders(guest);
  return tagText(
    tag('domain', { type: guest.type }, [
      tag('name', {}, name),
      guest.uuid === null ? null : tag('uuid', {}, guest.uuid),
      tag('memory', { unit: 'b', ...guest.memory }, String(guest.memoryBytes)),
      guest.currentMemoryBytes === null ? null : tag('currentMemory', { unit: 'b' }, String(guest.currentMemoryBytes)),
      guest.memoryBacking.length === 0 ? null : tag('memoryBacking', {}, guest.memoryBacking),
      tag('vcpu', { current: guest.currentVcpus }, String(guest.vcpus)),
      guest.sysinfo,
      osTag(guest, orders.size > 0),
      tag('features', {}, featuresOf(guest)),
      guest.cpu,
      tag('clock', { offset: guest.clock.offset }, guest.clock.timers),
      tag('on_poweroff', {}, guest.events.poweroff),
      tag('on_reboot', {}, guest.events.reboot),
      tag('on_crash', {}, guest.events.crash),
      guest.pm.length === 0 ? null : tag('pm', {}, guest.pm),
      ...guest.more,
      tag('devices', {}, [
        ...namedDisks(guest.disks).map((named) => diskTag(named, orders.get(named.disk) ?? null)),
        ...guest.nics.map((nic, index) => nicTag(nic, macs[index] ?? '', orders.get(nic) ?? null)),
        ...guest.devices,
      ]),
    ]),
  );
}

function osTag(guest: Guest, ordered: boolean): Tag {
  return tag('os', { firmware: guest.firmware }, [
    tag('type', { arch: guest.arch, machine: guest.machine }, 'hvm'),
    ...guest.os,
    // libvirt takes either an order of kinds or one of devices, and refuses both.
    ...(ordered ? [] : guest.boot.map((dev) => tag('boot', { dev }))),
    guest.sysinfo === null ? null : tag('smbios', { mode: 'sysinfo' }),
  ]);
}

/** `hyperv` and `kvm` are one element each, whoever has asked for what is in it. */
function featuresOf({ features }: Guest): Tag[] {
  const merged = new Map<string, Tag>();
  for (const one of features) {
    const before = merged.get(one.name);
    const content = [...contentOf(before), ...contentOf(one)].filter(
      (child, index, all) => all.findIndex(({ name }) => name === child.name) === index,
    );
    merged.set(one.name, tag(one.name, { ...before?.attributes, ...one.attributes }, content));
  }
  return [...merged.values()];
}

function contentOf(one: Tag | undefined): readonly Tag[] {
  return one === undefined || typeof one.content === 'string' ? [] : one.content;
}

/** From 1 on and each once, as libvirt wants them; in the order in which the indexes have them. */
function bootOrders({ disks, nics }: Guest): ReadonlyMap<object, number> {
  const ordered = [...disks, ...nics]
    .flatMap((device) => (device.bootIndex === null ? [] : [{ device, index: device.bootIndex }]))
    .sort((a, b) => a.index - b.index);
  return new Map(ordered.map(({ device }, place) => [device, place + 1]));
}
