import type { Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import type { Machine } from './machine.js';
import type { Properties } from './properties.js';

/**
 * Where devices stand on the PCI bus. A guest may name its NICs after it (`ens3`), so that place is kept where there is
 * one bus only; on others libvirt has bridges of its own.
 */
export class PciAddresses {
  readonly #taken = new Set<number>();
  readonly #moved: string[] = [];

  constructor(private readonly machine: Machine) {}

  take(device: Properties): Tag | null {
    const [bus, addr] = [device.take('bus'), device.take('addr')];
    device.take('multifunction', 'acpi-index');
    if (addr === null) return null;
    const [, digits, part] = /^(?:0x)?([0-9a-f]{1,2})(?:\.(?:0x)?([0-7]))?$/i.exec(addr) ?? [];
    const slot = Number.parseInt(digits ?? '', 16);
    const isPlain = this.machine.isX86 && !this.machine.isQ35 && (bus === null || bus === 'pci.0');
    // Those before are libvirt's own: the chip set, and the first card.
    if (isPlain && (part === undefined || part === '0') && slot >= 3 && slot < 32 && !this.#taken.has(slot)) {
      this.#taken.add(slot);
      const hex = `0x${slot.toString(16).padStart(2, '0')}`;
      return tag('address', { type: 'pci', domain: '0x0000', bus: '0x00', slot: hex, function: '0x0' });
    }
    this.#moved.push(`${bus ?? 'PCI'} ${addr}`);
    return null;
  }

  tell(remarks: Remarks): void {
    if (this.#moved.length === 0) return;
    remarks.changed(
      { text: `bus and addr of ${this.#moved.length} devices`, place: null },
      'libvirt places them on its own PCI buses',
      'Where the guest names NICs after their place (ens18, enp0s3), match them by MAC in its network settings.',
    );
  }
}
