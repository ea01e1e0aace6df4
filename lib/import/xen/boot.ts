import type { Guest } from '../guest.js';
import type { Remarks } from '../remarks.js';
import { tag } from '../tag.js';
import type { XenKeys } from './keys.js';

const DEVICES = { a: 'fd', c: 'hd', d: 'cdrom', n: 'network' } as const;

/** What of Xen's own is on its place with QEMU; no kernel of a guest. */
const LOADERS = /(?:^|\/)(?:hvmloader|pv-?grub\S*|pvh?grub\S*|grub-i386-xen_pvh\S*|grub-x86_64-xen\S*)$/;

/** How the guest starts: a kernel that is handed to it, or what its disks hold. */
export function readBoot(
  keys: XenKeys,
  guest: Guest,
  {
    isHvm,
    renamed,
    remarks,
  }: { readonly isHvm: boolean; readonly renamed: ReadonlyMap<string, string>; readonly remarks: Remarks },
): void {
  const origin = keys.origin('kernel');
  const kernel = keys.text('kernel');
  if (kernel !== null && origin !== null && !kernel.startsWith('/'))
    remarks.lost(origin, 'its path does not begin at the root', 'Write `<kernel>` into `<os>`, with the whole path.');
  if (kernel?.startsWith('/') === true && !LOADERS.test(kernel))
    directKernel(keys, guest, { kernel, renamed, remarks });
  else tellLoader(keys, isHvm, remarks);
  if (origin !== null && kernel !== null && guest.os.length > 0 && !isHvm)
    remarks.changed(
      origin,
      'a kernel that Xen started as a paravirtual guest’s is started on a whole machine',
      'See that it has drivers for virtio_pci, virtio_blk and virtio_net, in it or in its initrd, and is on each host.',
    );
  readFirmware(keys, guest, remarks);
  const boot = keys.text('boot');
  const order = [...(boot ?? (isHvm ? 'cd' : 'c'))].flatMap((letter) => {
    const device = DEVICES[letter as keyof typeof DEVICES];
    if (device === undefined)
      remarks.lost({ text: `boot: ${letter}`, place: null }, 'no device of that letter', 'Nothing to do.');
    return device === undefined ? [] : [device];
  });
  if (guest.os.length === 0) guest.boot = [...new Set(order)];
}

function directKernel(
  keys: XenKeys,
  guest: Guest,
  {
    kernel,
    renamed,
    remarks,
  }: { readonly kernel: string; readonly renamed: ReadonlyMap<string, string>; readonly remarks: Remarks },
): void {
  const origins = (['root', 'extra', 'cmdline'] as const).flatMap((key) => keys.origin(key) ?? []);
  const [ramdisk, root, extra, cmdline] = [
    keys.text('ramdisk'),
    keys.text('root'),
    keys.text('extra'),
    keys.text('cmdline'),
  ];
  const given = cmdline ?? [root === null ? '' : `root=${root}`, extra ?? ''].filter((one) => one !== '').join(' ');
  const line = given
    .replace(/\b(?:xvd[a-z]+\d*|[hs]d[a-z]+\d*)\b/g, (device) => renamedDevice(device, renamed))
    .replace(/\bconsole=(?:hvc0|xvc0|tty1?)(?=\s|$)/g, 'console=ttyS0');
  guest.os.push(tag('kernel', {}, kernel));
  if (ramdisk?.startsWith('/') === true) guest.os.push(tag('initrd', {}, ramdisk));
  else if (ramdisk !== null)
    remarks.lost(
      { text: `ramdisk = ${ramdisk}`, place: null },
      'its path does not begin at the root',
      'Write `<initrd>` into `<os>`, with the whole path.',
    );
  if (line !== '') guest.os.push(tag('cmdline', {}, line));
  const [first] = origins;
  if (first !== undefined && line !== given)
    remarks.changed(
      { text: given, place: first.place },
      `disks and console are called otherwise: ${line}`,
      'Look it over.',
    );
}

/** `xvda` and its partitions; one that was named on its own is a disk of its own. */
function renamedDevice(device: string, renamed: ReadonlyMap<string, string>): string {
  const whole = device.replace(/\d+$/, '');
  const target = renamed.get(device);
  if (target !== undefined) return target;
  const disk = renamed.get(whole);
  return disk === undefined ? device : disk + device.slice(whole.length);
}

function tellLoader(keys: XenKeys, isHvm: boolean, remarks: Remarks): void {
  for (const key of ['root', 'extra', 'cmdline', 'ramdisk'] as const) {
    const origin = keys.origin(key);
    if (origin === null || keys.text(key) === null) continue;
    remarks.lost(
      origin,
      'it is for a kernel that Xen starts; here the guest’s own boot loader does',
      'Write it into the boot loader’s configuration in the guest.',
    );
  }
  if (!isHvm && keys.origin('bootloader') === null)
    remarks.changed(
      { text: 'a paravirtual guest', place: null },
      'its disk is booted, as that of a whole machine',
      'See that the disk has a partition table and a boot loader, and the guest a kernel with virtio drivers.',
    );
}

function readFirmware(keys: XenKeys, guest: Guest, remarks: Remarks): void {
  const origin = keys.origin('bios') ?? keys.origin('firmware');
  const [bios, firmware] = [keys.text('bios'), keys.text('firmware')];
  const name = bios ?? firmware;
  if (name === null || origin === null) return;
  if (name === 'ovmf' || name === 'uefi') {
    guest.firmware = 'efi';
    remarks.changed(
      origin,
      'libvirt chooses the UEFI of the host, with an empty store of variables',
      'Where the guest does not boot, add its boot entry again from the UEFI shell.',
    );
  } else if (!['seabios', 'rombios', 'bios'].includes(name))
    remarks.lost(origin, 'no firmware that QEMU has', 'Name one by `<loader>` in `<os>`.');
}
