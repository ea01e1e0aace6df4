import type { Guest } from '../guest.js';
import type { Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import type { Options } from './options.js';

const DEVICES: Readonly<Record<string, Guest['boot'][number]>> = {
  a: 'fd',
  b: 'fd',
  c: 'hd',
  d: 'cdrom',
  n: 'network',
};

/** A kernel that is handed to it, its firmware, and what is tried in which order. */
export function readBoot(options: Options, guest: Guest, firmware: readonly Tag[], remarks: Remarks): void {
  guest.os.push(...firmware);
  const bios = options.last('bios');
  if (bios?.value?.startsWith('/') === true) guest.os.push(tag('loader', { type: 'rom' }, bios.value));
  else if (bios !== null)
    remarks.lost(bios.origin, 'a name that this QEMU looked up itself', 'Write `<loader>` with the whole path.');
  const kernel = options.last('kernel');
  for (const [name, element] of [
    ['initrd', 'initrd'],
    ['append', 'cmdline'],
    ['dtb', 'dtb'],
  ] as const) {
    const option = options.last(name);
    if (option === null || option.value === null || option.value === '') continue;
    const isPath = name === 'append' || option.value.startsWith('/');
    if (kernel?.value?.startsWith('/') === true && isPath) guest.os.push(tag(element, {}, option.value));
    else remarks.lost(option.origin, isPath ? 'there is no kernel for it' : RELATIVE, PATH_HINT);
  }
  if (kernel?.value?.startsWith('/') === true) {
    guest.os.unshift(tag('kernel', {}, kernel.value));
    remarks.changed(
      kernel.origin,
      'QEMU reads the kernel when the VM starts',
      'See that it is on each host, at the same path.',
    );
  } else if (kernel !== null) remarks.lost(kernel.origin, RELATIVE, PATH_HINT);
  readOrder(options, guest, remarks);
}

const RELATIVE = 'its path does not begin at the root, and libvirt starts QEMU elsewhere';
const PATH_HINT = 'Write it into `<os>` by hand, with the whole path.';

/** `-boot order=cd,menu=on`, `-boot d`. */
function readOrder(options: Options, guest: Guest, remarks: Remarks): void {
  for (const boot of options.properties('boot', 'order')) {
    const order = boot.take('order') ?? '';
    guest.boot = [...new Set([...order].flatMap((letter) => DEVICES[letter] ?? []))];
    const unknown = [...order].filter((letter) => DEVICES[letter] === undefined);
    if (unknown.length > 0)
      remarks.lost(boot.at(`order=${unknown.join('')}`), 'no device of that letter', 'Nothing to do.');
    const once = boot.take('once');
    if (once !== null)
      remarks.lost(
        boot.at(`once=${once}`),
        'a definition says how a VM starts each time',
        'For once: `virsh start` after `virsh edit`.',
      );
    const [menu, timeout] = [boot.flag('menu'), boot.take('splash-time')];
    if (menu !== null)
      guest.os.push(
        tag('bootmenu', { enable: menu, timeout: menu && /^\d{1,5}$/.test(timeout ?? '') ? timeout : null }),
      );
    const reboot = boot.take('reboot-timeout');
    if (reboot !== null && /^-?\d{1,5}$/.test(reboot) && Number(reboot) >= -1 && Number(reboot) <= 65_535)
      guest.os.push(tag('bios', { rebootTimeout: reboot }));
    if (boot.flag('strict') === false)
      remarks.lost(boot.at('strict=off'), 'libvirt boots from nothing but what it is told', 'Nothing to do.');
    boot.tellRest(remarks, 'libvirt has no place for it', 'Nothing to do.');
  }
}

/** Where nobody has said what is tried: the disk, and then what may install one. */
export function completeBoot(guest: Guest): void {
  if (guest.boot.length > 0) return;
  const hasCd = guest.disks.some(({ device, source }) => device === 'cdrom' && source !== null);
  guest.boot = hasCd ? ['hd', 'cdrom'] : ['hd'];
}
