import { Mistake } from './mistake.js';
import { QEMU_NAME } from './qemu/program-name.js';

/** Whose words the file is in. */
export type SourceKind = 'xen' | 'qemu';

/** QEMU's own names, and those that distributions give it; in a file as a word of its own with an option behind it. */
const QEMU_CALL = new RegExp(String.raw`(?:^|[\s/"'=\0])${QEMU_NAME}["']?(?:[\s\0]|\\\r?\n)+["'$-]`, 'm');
/** `NAME=qemu-system-x86_64`, whose option stands where NAME is used. */
const QEMU_VARIABLE = /^[ \t]*(?:(?:export|local|readonly)[ \t]+)?\w+=["']?(?:\S*\/)?(?:qemu-system-\w+|qemu-kvm)\b/m;
/** Lines that no shell would take for the same: there, no blank stands around `=`, and no list begins with `[`. */
const XEN_KEY = new RegExp(
  String.raw`^[ \t]*(?:name|memory|maxmem|vcpus|kernel|ramdisk|bootloader|builder|type|extra|root|on_\w+|uuid)` +
    String.raw`[ \t]*(?:[ \t]=|=[ \t]|=[ \t]*["'[\d])`,
  'm',
);
/** A command line without its program. */
const OPTIONS_ALONE =
  /^\s*--?(?:name|m|smp|machine|M|enable-kvm|accel|cpu|drive|hda|device|netdev|uuid|nodefaults)[\s\0]/;

/** @throws Mistake where it is neither */
export function sourceKind(text: string): SourceKind {
  const code = text.replace(/^[ \t]*#.*$/gm, '');
  const isXen = /^[ \t]*(?:vif|disk|vfb)[ \t]*=[ \t]*\[/m.test(code) || /^[ \t]*(?:name|memory)[ \t]+=/m.test(code);
  if (isXen) return 'xen';
  if (QEMU_CALL.test(code) || QEMU_VARIABLE.test(code) || OPTIONS_ALONE.test(code)) return 'qemu';
  if (XEN_KEY.test(code)) return 'xen';
  throw new Mistake(
    { line: 1, column: 1 },
    'it looks neither like a Xen configuration (`name = "…"`, `memory = …`) nor like a QEMU command line',
    'say which with --from xen or --from qemu, or look whether it is the right file',
  );
}
