import type { Guest } from '../guest.js';
import type { Remarks } from '../remarks.js';
import { tag } from '../tag.js';
import type { Options } from './options.js';
import { Properties } from './properties.js';

/** The program's name → libvirt's name of the architecture. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  i386: 'i686',
  x86_64: 'x86_64',
  aarch64: 'aarch64',
  arm: 'armv7l',
  ppc: 'ppc',
  ppc64: 'ppc64',
  s390x: 's390x',
  riscv32: 'riscv32',
  riscv64: 'riscv64',
  loongarch64: 'loongarch64',
  mips: 'mips',
  mipsel: 'mipsel',
  mips64: 'mips64',
  mips64el: 'mips64el',
  sparc: 'sparc',
  sparc64: 'sparc64',
  m68k: 'm68k',
  alpha: 'alpha',
  hppa: 'hppa',
  sh4: 'sh4',
  microblaze: 'microblaze',
};

/** Where distributions put it: libvirt finds it there by itself. */
const USUAL = /^(?:\/usr(?:\/local)?\/(?:bin|libexec)\/|\/bin\/)?[^/]+$/;

/** Settings of `-machine` that say how QEMU itself works, not what the guest sees. */
const INTERNAL = ['kernel_irqchip', 'kernel-irqchip', 'kvm_shadow_mem', 'igd-passthru', 'suppress-vmdesc', 'graphics'];

export interface Machine {
  readonly isQ35: boolean;
  readonly isX86: boolean;
  /** The flash banks that `-machine` names: nodes of `-blockdev`. */
  readonly flash: readonly (string | null)[];
  /** The id of the object that is the memory. */
  readonly memoryBackend: string | null;
}

export function readMachine(options: Options, program: string | null, guest: Guest, remarks: Remarks): Machine {
  readProgram(program, guest, remarks);
  const all = options.properties('machine', 'type');
  const type = all.map((one) => one.take('type')).findLast((one) => one !== null) ?? defaultMachine(guest.arch);
  guest.machine = machineType(type, remarks);
  const accel = all.map((one) => one.take('accel')).findLast((one) => one !== null) ?? null;
  readAccelerator(options, accel, guest, remarks);
  let memoryBackend: string | null = null;
  const flash: (string | null)[] = [null, null];
  const isX86 = guest.arch === 'x86_64' || guest.arch === 'i686';
  let acpi = isX86 || type?.startsWith('virt') === true;
  for (const one of all) {
    memoryBackend = one.take('memory-backend') ?? memoryBackend;
    flash[0] = one.take('pflash0') ?? flash[0] ?? null;
    flash[1] = one.take('pflash1') ?? flash[1] ?? null;
    acpi = one.flag('acpi') ?? acpi;
    const dump = one.flag('dump-guest-core');
    if (dump !== null) guest.memory.dumpCore = dump ? 'on' : 'off';
    if (one.flag('mem-merge') === false) guest.memoryBacking.push(tag('nosharepages'));
    if (one.flag('smm') === true) guest.features.push(tag('smm', { state: 'on' }));
    const vmport = one.take('vmport');
    if (vmport === 'on' || vmport === 'off') guest.features.push(tag('vmport', { state: vmport }));
    if (one.flag('hpet') === false) guest.clock.timers.push(tag('timer', { name: 'hpet', present: 'no' }));
    const gic = one.take('gic-version');
    if (gic !== null) guest.features.push(tag('gic', { version: /^(?:[234]|host)$/.test(gic) ? gic : null }));
    if (one.flag('usb') === true)
      remarks.lost(one.at('usb=on'), 'each USB device has a controller anyhow', 'Nothing to do.');
    one.take(...INTERNAL);
    one.tellRest(remarks);
  }
  if (options.flag('no-acpi')) acpi = false;
  if (options.flag('no-hpet')) guest.clock.timers.push(tag('timer', { name: 'hpet', present: 'no' }));
  if (acpi) guest.features.unshift(tag('acpi'));
  if (isX86) guest.features.push(tag('apic'));
  return { isQ35: /q35/.test(type ?? ''), isX86, flash, memoryBackend };
}

function readProgram(program: string | null, guest: Guest, remarks: Remarks): void {
  if (program === null) return;
  const arch = /qemu-system-([a-z0-9_]+)/.exec(program)?.[1];
  guest.arch = arch === undefined ? 'x86_64' : (ARCHITECTURES[arch] ?? 'x86_64');
  if (arch !== undefined && ARCHITECTURES[arch] === undefined)
    remarks.lost({ text: program, place: null }, 'libvirt has no such architecture', 'Say by `arch=` which it is.');
  if (/(?:^|\/)(?:qemu-)?kvm(?:-[\w.-]+)?$/.test(program)) guest.type = 'kvm';
  else guest.type = 'qemu';
  if (!USUAL.test(program))
    remarks.lost(
      { text: program, place: null },
      'libvirt starts the QEMU of the host',
      'Where it has to be this one, write `<emulator>` into `<devices>`; each host needs it there.',
    );
}

function defaultMachine(arch: string): string | null {
  if (arch === 'x86_64' || arch === 'i686') return 'pc';
  return arch === 'aarch64' || arch === 'armv7l' || arch.startsWith('riscv') ? 'virt' : null;
}

/** Distributions and Proxmox have machine types of their own, which other hosts do not know. */
function machineType(type: string | null, remarks: Remarks): string | null {
  if (type === null) return null;
  const plain = type.replace(/\+.*$/, '').replace(/[^\w.-]/g, '');
  if (plain !== type)
    remarks.changed(
      { text: `-machine ${type}`, place: null },
      `libvirt takes no such machine type: it is ${plain}`,
      'See that each host knows it: `qemu-system-x86_64 -machine help`.',
    );
  return plain === '' ? null : plain;
}

function readAccelerator(options: Options, accel: string | null, guest: Guest, remarks: Remarks): void {
  const origin = options.all('enable-kvm');
  const accels = options.properties('accel', 'accel');
  const first = accels[0]?.take('accel') ?? accel?.split(':')[0] ?? (origin.length > 0 ? 'kvm' : null);
  for (const one of accels) {
    one.take('accel', 'thread', 'kernel-irqchip', 'tb-size');
    one.tellRest(remarks);
  }
  if (options.flag('no-kvm')) guest.type = 'qemu';
  else if (first === 'kvm') guest.type = 'kvm';
  else if (first !== null) guest.type = 'qemu';
  if (guest.type === 'qemu')
    remarks.changed(
      { text: first === null ? 'no accelerator' : `accel=${first}`, place: null },
      'the guest is emulated (TCG), as it was',
      "With KVM on all hosts write `<domain type='kvm'>`, which is many times as fast.",
    );
}

/** `-name guest=NAME,process=…`. */
export function readName(options: Options, guest: Guest, remarks: Remarks): void {
  const option = options.last('name');
  if (option === null) return;
  const properties = Properties.of(option.value ?? '', 'guest', option.origin);
  guest.name = properties.take('guest');
  properties.take('process', 'debug-threads');
  properties.tellRest(remarks);
}

export function readUuid(options: Options, guest: Guest, remarks: Remarks): void {
  const option = options.last('uuid');
  const text = option?.value?.toLowerCase() ?? '';
  if (option === null) return;
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) guest.uuid = text;
  else remarks.lost(option.origin, 'it is no UUID', 'libvirt makes one when the domain is defined.');
}
