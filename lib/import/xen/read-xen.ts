import { type Guest, newGuest } from '../guest.js';
import { Mistake } from '../mistake.js';
import type { Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import { readBoot } from './boot.js';
import { xenDisks } from './disks.js';
import { readDisplays } from './displays.js';
import { XenKeys } from './keys.js';
import { xenNic } from './nics.js';
import { readPeripherals } from './peripherals.js';
import { readConfig } from './read-config.js';
import { tellUnsupported } from './unsupported.js';

const MIB = 2 ** 20;

/** @throws Mistake where it is no configuration of a VM */
export function readXen(text: string, remarks: Remarks): Guest {
  const config = readConfig(text);
  for (const origin of config.code)
    remarks.lost(origin, 'a statement of Python, which is not run', 'Write what it would have set as `key = value`.');
  const keys = new XenKeys(config, remarks);
  const guest = newGuest();
  const isHvm = kindOf(keys) === 'hvm';
  guest.name = keys.text('name');
  guest.uuid = uuidOf(keys, remarks);
  guest.machine = 'pc';
  readMemory(keys, guest);
  readCpus(keys, guest, remarks);
  const { disks, renamed } = xenDisks(keys.texts('disk'), isHvm, remarks);
  guest.disks = [...disks];
  guest.nics = keys.texts('vif').map((origin) => xenNic(origin, isHvm, remarks));
  readBoot(keys, guest, { isHvm, renamed, remarks });
  readEvents(keys, guest, remarks);
  readFeatures(keys, guest, isHvm, remarks);
  readDisplays(keys, guest, isHvm, remarks);
  readPeripherals(keys, guest, isHvm, remarks);
  tellUnsupported(keys, remarks);
  return guest;
}

/** `type` since Xen 4.10, `builder` before; a kernel of its own, where neither stands, is a paravirtual guest's. */
function kindOf(keys: XenKeys): 'hvm' | 'pv' | 'pvh' {
  const type = keys.text('type');
  const builder = keys.text('builder');
  const said = type ?? (builder === null ? null : builder === 'hvm' ? 'hvm' : 'pv');
  if (said === 'hvm' || said === 'pv' || said === 'pvh') return said;
  return 'pv';
}

function uuidOf(keys: XenKeys, remarks: Remarks): string | null {
  const origin = keys.origin('uuid');
  const text = keys.text('uuid');
  const digits = text?.replaceAll('-', '').toLowerCase() ?? '';
  if (text === null || origin === null) return null;
  if (/^[0-9a-f]{32}$/.test(digits)) return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  remarks.lost(origin, 'it is no UUID', 'libvirt makes one when the domain is defined.');
  return null;
}

/** In MiB; Xen's own default is 32, which no KVM guest of today starts with. */
function readMemory(keys: XenKeys, guest: Guest): void {
  const place = (keys.origin('memory') ?? keys.origin('maxmem'))?.place ?? { line: 1, column: 1 };
  const [memory, maxmem] = [keys.number('memory'), keys.number('maxmem')];
  const most = Math.max(memory ?? 0, maxmem ?? 0);
  if (most < 1) throw new Mistake(place, 'the VM has no memory that can be read', 'write `memory = MIB`, a number');
  guest.memoryBytes = most * MIB;
  if (memory !== null && memory >= 1 && memory < most) guest.currentMemoryBytes = memory * MIB;
}

const MOST_VCPUS = 512;

function readCpus(keys: XenKeys, guest: Guest, remarks: Remarks): void {
  const origin = keys.origin('vcpus') ?? keys.origin('maxvcpus');
  const [vcpus, most] = [keys.number('vcpus'), keys.number('maxvcpus')];
  const count = Math.max(vcpus ?? 1, most ?? 1, 1);
  guest.vcpus = Math.min(count, MOST_VCPUS);
  if (count > MOST_VCPUS && origin !== null)
    remarks.lost(origin, `KVM has ${MOST_VCPUS} vCPUs at most on this machine type`, 'Choose another number.');
  if (vcpus !== null && vcpus >= 1 && vcpus < guest.vcpus) guest.currentVcpus = vcpus;
  const nested = keys.origin('nestedhvm');
  if (nested !== null && keys.flag('nestedhvm') === true)
    remarks.lost(
      nested,
      'whether a guest has guests of its own depends on its CPU model, and moving such a VM is not safe everywhere',
      "Give it `<cpu mode='host-model'>` with the feature vmx or svm, on hosts with the same CPUs.",
    );
  guest.cpu = tag('cpu', { mode: 'host-model' });
  remarks.changed(
    { text: 'the CPU', place: null },
    'the guest sees the CPU that the host has (host-model)',
    'Where hosts have different CPUs, name a model that all of them have (`virsh hypervisor-cpu-baseline`).',
  );
}

const EVENTS: Readonly<Record<string, string>> = {
  destroy: 'destroy',
  restart: 'restart',
  preserve: 'preserve',
  'rename-restart': 'rename-restart',
  'coredump-destroy': 'coredump-destroy',
  'coredump-restart': 'coredump-restart',
};

/** libvirt's driver for QEMU knows fewer answers than Xen. */
function readEvents(keys: XenKeys, guest: Guest, remarks: Remarks): void {
  for (const event of ['poweroff', 'reboot', 'crash'] as const) {
    const origin = keys.origin(`on_${event}`);
    const text = keys.text(`on_${event}`);
    if (origin === null || text === null) continue;
    const answer = EVENTS[text];
    const allowed = event === 'crash' ? answer !== 'rename-restart' : answer === 'destroy' || answer === 'restart';
    // A VM that starts anew whenever it is shut down could never be shut off by its owner.
    if (answer !== undefined && allowed) guest.events[event] = answer;
    else remarks.lost(origin, `libvirt answers ${event} by ${guest.events[event]} with QEMU`, 'Nothing to do.');
  }
  for (const key of ['on_watchdog', 'on_soft_reset']) {
    const origin = keys.origin(key);
    if (origin === null || keys.text(key) === null) continue;
    remarks.lost(origin, 'QEMU has no such event', 'Nothing to do.');
  }
}

function readFeatures(keys: XenKeys, guest: Guest, isHvm: boolean, remarks: Remarks): void {
  const on = (key: string) => keys.flag(key) !== false;
  if (on('acpi')) guest.features.push(tag('acpi'));
  if (on('apic')) guest.features.push(tag('apic'));
  if (keys.flag('pae') !== false) guest.features.push(tag('pae'));
  for (const [key, name] of [
    ['acpi_s3', 'suspend-to-mem'],
    ['acpi_s4', 'suspend-to-disk'],
  ] as const) {
    const flag = keys.flag(key);
    if (flag !== null) guest.pm.push(tag(name, { enabled: flag }));
  }
  guest.features.push(...viridian(keys, remarks));
  if (keys.flag('localtime') === true) guest.clock.offset = 'localtime';
  const offset = keys.origin('rtc_timeoffset');
  if (offset !== null && (keys.number('rtc_timeoffset') ?? 0) !== 0)
    remarks.lost(
      offset,
      'a clock that is wrong by so many seconds',
      "Write `<clock offset='variable' adjustment='SECONDS'/>`, or let the guest set its clock (NTP).",
    );
  const hpet = keys.flag('hpet');
  if (isHvm && hpet === false) guest.clock.timers.push(tag('timer', { name: 'hpet', present: 'no' }));
}

/** Xen's words → Hyper-V's features as libvirt names them. */
const VIRIDIAN: Readonly<Record<string, readonly string[]>> = {
  base: ['relaxed', 'vapic'],
  freq: ['frequencies'],
  time_ref_count: [],
  reference_tsc: [],
  apic_assist: ['vapic'],
  crash_ctl: [],
  synic: ['vpindex', 'synic'],
  stimer: ['stimer'],
  hcall_ipi: ['ipi'],
  hcall_remote_tlb_flush: ['tlbflush'],
  defaults: ['relaxed', 'vapic'],
};

function viridian(keys: XenKeys, remarks: Remarks): Tag[] {
  const origin = keys.origin('viridian');
  if (origin === null) return [];
  const isFlag = /=\s*['"]?\d/.test(origin.text);
  const words = isFlag
    ? keys.flag('viridian') === true
      ? ['defaults']
      : []
    : keys.texts('viridian').map((one) => one.text);
  const names = new Set<string>();
  for (const word of words) {
    const known = word === 'all' ? Object.values(VIRIDIAN).flat() : VIRIDIAN[word];
    if (known === undefined || known.length === 0)
      remarks.lost({ ...origin, text: `viridian: ${word}` }, 'no feature of Hyper-V’s with KVM', 'Nothing to do.');
    for (const name of known ?? []) names.add(name);
  }
  return names.size === 0
    ? []
    : [
        tag(
          'hyperv',
          {},
          [...names].map((name) => tag(name, { state: 'on' })),
        ),
      ];
}
