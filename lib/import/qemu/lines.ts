import type { Guest } from '../guest.js';
import { PASSED_DEVICE } from '../peripheral-tags.js';
import type { Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import { chardevTag, NO_CHARDEV } from './characters.js';
import type { QemuObjects } from './objects.js';
import type { Options } from './options.js';
import type { Properties } from './properties.js';

interface LineContext {
  readonly guest: Guest;
  readonly chardevs: QemuObjects;
  readonly options: Options;
  readonly remarks: Remarks;
}

/** A line that the guest has: a serial port, a console, or a channel for an agent. */
export function readPort(driver: string, device: Properties, { guest, chardevs, remarks }: LineContext): void {
  const chardev = chardevs.take(device.take('chardev') ?? '');
  const name = device.take('name');
  device.take('bus', 'addr', 'nr', 'index', 'iobase', 'irq', 'reg');
  if (driver === 'isa-debugcon' || chardev === null) {
    remarks.lost(device.origin, ...NO_CHARDEV);
    if (chardev !== null) remarks.lost(chardev.origin, 'it is for a device that is not carried over', 'Nothing to do.');
    return;
  }
  // The agent's socket is libvirt's, under a path of its own on each host.
  const isAgent = name?.startsWith('org.qemu.guest_agent') === true;
  if (isAgent) {
    guest.devices.push(tag('channel', { type: 'unix' }, [tag('target', { type: 'virtio', name })]));
    return;
  }
  const [element, target] =
    driver === 'virtserialport'
      ? ['channel', tag('target', { type: 'virtio', name })]
      : driver === 'virtconsole'
        ? ['console', tag('target', { type: 'virtio' })]
        : ['serial', serialTarget(driver)];
  const made = chardevTag(element, chardev, target, remarks);
  if (made === null) remarks.lost(chardev.origin, ...NO_CHARDEV);
  else guest.devices.push(made);
}

function serialTarget(driver: string): Tag | null {
  return driver === 'pci-serial' || driver === 'usb-serial' ? tag('target', { type: driver }) : null;
}

/** Its emulator is a program on the other end of a line. */
export function readTpm(driver: string, device: Properties, { guest, chardevs, options, remarks }: LineContext): void {
  const id = device.take('tpmdev');
  device.take('bus', 'addr', 'ppi');
  for (const backend of options.properties('tpmdev', 'type')) {
    const [type, chardev] = [backend.take('type'), backend.take('chardev')];
    const isIts = backend.take('id') === id;
    if (chardev !== null) chardevs.take(chardev);
    if (isIts && type === 'emulator') {
      guest.devices.push(
        tag('tpm', { model: driver === 'tpm-crb' ? 'tpm-crb' : driver === 'tpm-spapr' ? 'tpm-spapr' : 'tpm-tis' }, [
          tag('backend', { type: 'emulator', version: '2.0' }),
        ]),
      );
      remarks.changed(
        backend.origin,
        'libvirt runs the TPM’s emulator (swtpm), and keeps a state of its own for it',
        'Copy the old state to /var/lib/libvirt/swtpm/UUID/tpm2, or the guest finds an empty TPM.',
      );
    } else remarks.lost(backend.origin, PASSED_DEVICE.why, PASSED_DEVICE.hint);
  }
}
