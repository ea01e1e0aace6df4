import type { Guest } from '../guest.js';
import { PASSED_DEVICE, serialTag, usbInput } from '../peripheral-tags.js';
import type { Origin, Remarks } from '../remarks.js';
import { tag } from '../tag.js';
import type { XenKeys } from './keys.js';

const SOUND: Readonly<Record<string, string>> = {
  sb16: 'sb16',
  es1370: 'es1370',
  ac97: 'ac97',
  AC97: 'ac97',
  hda: 'ich6',
  pcspk: 'pcspk',
};

/** What a guest has beside disks, NICs and a display. */
export function readPeripherals(keys: XenKeys, guest: Guest, isHvm: boolean, remarks: Remarks): void {
  readSerial(keys, guest, isHvm, remarks);
  readParallel(keys, guest, isHvm, remarks);
  readUsb(keys, guest, remarks);
  const origin = keys.origin('soundhw');
  const sound = keys.text('soundhw');
  for (const name of sound?.split(',') ?? []) {
    const model = SOUND[name.trim()];
    if (model !== undefined) guest.devices.push(tag('sound', { model }));
    else if (origin !== null)
      remarks.lost({ ...origin, text: `soundhw: ${name}` }, 'no such sound card', 'Nothing to do.');
  }
  const genid = keys.text('ms_vm_genid');
  if (genid !== null && genid !== 'none')
    guest.more.push(tag('genid', {}, /^[0-9a-f-]{36}$/i.test(genid) ? genid : []));
  // It is what lets the host have memory back, as Xen's does.
  guest.devices.push(tag('memballoon', { model: 'virtio' }));
}

function readSerial(keys: XenKeys, guest: Guest, isHvm: boolean, remarks: Remarks): void {
  const serials = keys.texts('serial');
  if (serials.length === 0 || !isHvm) guest.devices.push(serialTag('serial', 'pty') ?? tag('serial', { type: 'pty' }));
  for (const origin of serials) {
    if (!isHvm) {
      remarks.lost(origin, 'a paravirtual guest has no serial port', 'The definition has one, as its console.');
      continue;
    }
    const made = origin.text === 'none' ? null : serialTag('serial', origin.text);
    if (made !== null) guest.devices.push(made);
    else if (origin.text !== 'none')
      remarks.lost(
        { ...origin, text: `serial: ${origin.text}` },
        'no end of a serial line that libvirt has',
        SERIAL_HINT,
      );
  }
}

/** HVM's printer port. */
function readParallel(keys: XenKeys, guest: Guest, isHvm: boolean, remarks: Remarks): void {
  const origin = keys.origin('parallel');
  const text = keys.text('parallel');
  if (origin === null || text === null || text === 'none') return;
  const made = isHvm ? serialTag('parallel', text) : null;
  if (made === null) remarks.lost(origin, 'no end of a parallel line that libvirt has', 'Write `<parallel>` by hand.');
  else guest.devices.push(made);
}

const SERIAL_HINT = 'Write a `<serial>` into the definition.';

function readUsb(keys: XenKeys, guest: Guest, remarks: Remarks): void {
  const usb = keys.flag('usb');
  const version = keys.number('usbversion');
  const devices: readonly Origin[] = keys.texts('usbdevice');
  if (version !== null) {
    const model = { 1: 'piix3-uhci', 2: 'ich9-ehci1', 3: 'qemu-xhci' }[version];
    guest.devices.push(tag('controller', { type: 'usb', index: 0, model: model ?? 'piix3-uhci' }));
  } else if (usb !== true && devices.length === 0)
    guest.devices.push(tag('controller', { type: 'usb', model: 'none' }));
  for (const origin of devices) {
    const input = usbInput(origin.text);
    if (input !== null) guest.devices.push(input);
    else if (origin.text.startsWith('host:'))
      remarks.lost({ ...origin, text: `usbdevice: ${origin.text}` }, PASSED_DEVICE.why, PASSED_DEVICE.hint);
    else
      remarks.lost(
        { ...origin, text: `usbdevice: ${origin.text}` },
        'no USB device that libvirt has under that name',
        'Write what it was into the definition.',
      );
  }
}
