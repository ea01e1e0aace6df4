import { parseIp, parsePrefix } from '../model/address.js';
import { gratuitousArp, rarpAnnouncement } from './arp.js';
import { neighbourAdvertisement } from './neighbour-advertisement.js';

export interface AnnounceFrame {
  readonly kind: 'rarp' | 'garp' | 'na';
  readonly frame: Uint8Array;
}

/**
 * One round of announcements for a NIC: RARP for the FDBs, which QEMU's own covers too, then for each address what
 * fixes its neighbours' caches, which QEMU leaves alone. Addresses may carry a prefix length.
 * @throws RangeError for what is no MAC or no IP address
 */
export function announceFrames(nic: { readonly mac: string; readonly addresses: readonly string[] }): AnnounceFrame[] {
  const perAddress = nic.addresses.map((text): AnnounceFrame => {
    const ip = parsePrefix(text)?.ip ?? parseIp(text);
    const address = text.split('/')[0] ?? text;
    return ip?.family === 6
      ? { kind: 'na', frame: neighbourAdvertisement(nic.mac, address) }
      : { kind: 'garp', frame: gratuitousArp(nic.mac, address) };
  });
  return [{ kind: 'rarp', frame: rarpAnnouncement(nic.mac) }, ...perAddress];
}
