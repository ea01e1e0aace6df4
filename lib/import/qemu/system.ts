import type { Guest } from '../guest.js';
import { PASSED_DEVICE, usbInput } from '../peripheral-tags.js';
import type { Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import type { Options } from './options.js';
import { watchdogAction } from './other-devices.js';
import { Properties } from './properties.js';

/** Clock, power, SMBIOS, and the devices that have an option of their own. */
export function readSystem(options: Options, guest: Guest, remarks: Remarks): void {
  readClock(options, guest, remarks);
  readSmbios(options, guest, remarks);
  readGlobals(options, guest, remarks);
  if (options.flag('no-reboot')) guest.events.reboot = 'destroy';
  for (const option of options.all('usbdevice')) {
    const input = usbInput(option.value ?? '');
    if (input !== null) guest.devices.push(input);
    else remarks.lost(option.origin, PASSED_DEVICE.why, PASSED_DEVICE.hint);
  }
  for (const { value } of options.all('watchdog'))
    guest.devices.push(tag('watchdog', { model: value ?? 'i6300esb', action: watchdogAction(options) }));
  for (const option of options.all('soundhw'))
    for (const name of (option.value ?? '').split(',')) {
      const model = { hda: 'ich6', ac97: 'ac97', es1370: 'es1370', sb16: 'sb16', pcspk: 'pcspk' }[name];
      if (model !== undefined) guest.devices.push(tag('sound', { model }));
      else remarks.lost(option.origin, 'no such sound card', 'Write `<sound>` into the definition.');
    }
}

function readClock(options: Options, guest: Guest, remarks: Remarks): void {
  if (options.flag('localtime')) guest.clock.offset = 'localtime';
  for (const rtc of options.properties('rtc', 'base')) {
    const base = rtc.take('base');
    if (base === 'localtime') guest.clock.offset = 'localtime';
    else if (base !== null && base !== 'utc')
      remarks.lost(
        rtc.at(`base=${base}`),
        'a clock that begins at a date',
        "Write `<clock offset='absolute' start=…>`.",
      );
    const fix = rtc.take('driftfix');
    if (fix === 'slew') guest.clock.timers.push(tag('timer', { name: 'rtc', tickpolicy: 'catchup' }));
    const clock = rtc.take('clock');
    if (clock !== null && clock !== 'host')
      remarks.lost(
        rtc.at(`clock=${clock}`),
        'the definition says it by `track=`',
        "Write `<timer name='rtc' track=…>`.",
      );
    rtc.tellRest(remarks);
  }
}

/** QEMU's key → libvirt's name (formatdomain, "SMBIOS System Information"). */
const SMBIOS: Readonly<Record<string, { readonly block: string; readonly names: Readonly<Record<string, string>> }>> = {
  0: { block: 'bios', names: { vendor: 'vendor', version: 'version', date: 'date', release: 'release' } },
  1: {
    block: 'system',
    names: {
      manufacturer: 'manufacturer',
      product: 'product',
      version: 'version',
      serial: 'serial',
      sku: 'sku',
      family: 'family',
    },
  },
  2: {
    block: 'baseBoard',
    names: {
      manufacturer: 'manufacturer',
      product: 'product',
      version: 'version',
      serial: 'serial',
      asset: 'asset',
      location: 'location',
    },
  },
  3: {
    block: 'chassis',
    names: { manufacturer: 'manufacturer', version: 'version', serial: 'serial', asset: 'asset', sku: 'sku' },
  },
};
const VALID = { date: /^\d\d\/\d\d\/\d{2}(?:\d\d)?$/, release: /^\d{1,3}\.\d{1,3}$/ } as const;

/** libvirt holds the UUID in SMBIOS to the domain's own: where there is none, it is taken for that. */
function readSmbios(options: Options, guest: Guest, remarks: Remarks): void {
  const blocks = new Map<string, Tag[]>();
  for (const smbios of options.properties('smbios', null)) {
    const type = smbios.take('type');
    const table = SMBIOS[type ?? ''];
    const isCoded = smbios.flag('base64') === true;
    const uuid = smbios.take('uuid')?.toLowerCase() ?? null;
    if (uuid !== null && guest.uuid === null && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid))
      guest.uuid = uuid;
    else if (uuid !== null && uuid !== guest.uuid)
      remarks.lost(smbios.at(`uuid=${uuid}`), 'libvirt wants the UUID of the domain there', 'Choose one of the two.');
    if (table === undefined) {
      remarks.lost(smbios.origin, 'a table that libvirt cannot fill', 'Nothing to do, unless the guest reads it.');
      continue;
    }
    for (const [name, libvirt] of Object.entries(table.names)) {
      const raw = smbios.take(name);
      if (raw === null || raw === '') continue;
      const value = isCoded ? Buffer.from(raw, 'base64').toString('utf8') : raw;
      const form = table.block === 'bios' ? VALID[name as keyof typeof VALID] : undefined;
      if (!isPlain(value) || form?.test(value) === false)
        remarks.lost(smbios.at(`${name}=${raw}`), 'libvirt takes no such text', 'Write `<sysinfo>` by hand.');
      else blocks.set(table.block, [...(blocks.get(table.block) ?? []), tag('entry', { name: libvirt }, value)]);
    }
    smbios.tellRest(remarks);
  }
  if (blocks.size === 0) return;
  const order = ['bios', 'system', 'baseBoard', 'chassis'].flatMap((block) => {
    const entries = blocks.get(block);
    return entries === undefined ? [] : [tag(block, {}, entries)];
  });
  guest.sysinfo = tag('sysinfo', { type: 'smbios' }, order);
}

/** What is decoded may be anything. */
function isPlain(text: string): boolean {
  return !/[\p{Cc}\ufffd\ufffe\uffff]/u.test(text);
}

const GLOBALS: Readonly<Record<string, (guest: Guest, value: string) => void>> = {
  disable_s3: (guest, value) => guest.pm.push(tag('suspend-to-mem', { enabled: value !== '1' })),
  disable_s4: (guest, value) => guest.pm.push(tag('suspend-to-disk', { enabled: value !== '1' })),
  lost_tick_policy: (guest, value) =>
    guest.clock.timers.push(tag('timer', { name: 'pit', tickpolicy: value === 'discard' ? 'discard' : 'delay' })),
};

function readGlobals(options: Options, guest: Guest, remarks: Remarks): void {
  if (options.flag('no-kvm-pit-reinjection')) GLOBALS.lost_tick_policy?.(guest, 'delay');
  for (const option of options.all('global')) {
    const properties = Properties.of(option.value ?? '', 'driver', option.origin);
    const [name, value = ''] = properties.entries()[0] ?? [];
    const property = /^(?:PIIX4_PM|ICH9-LPC|kvm-pit)\.(\w+)$/.exec(name ?? '')?.[1] ?? '';
    const set = Object.hasOwn(GLOBALS, property) ? GLOBALS[property] : undefined;
    if (set !== undefined) set(guest, value);
    else if (name !== 'kvm-pit.lost_tick_policy')
      remarks.lost(option.origin, 'a setting within QEMU that libvirt does not name', GLOBAL_HINT);
  }
}

const GLOBAL_HINT = 'Where the guest needs it, write it as `<qemu:commandline>` (libvirt.org/drvqemu).';
