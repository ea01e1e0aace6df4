import { ethernet, ipBytes, macBytes, u16 } from './frame.js';

const ETHERTYPE_IPV6 = 0x86dd;
const NEXT_HEADER_ICMPV6 = 58;
const TYPE_NEIGHBOUR_ADVERTISEMENT = 136;
const OPTION_TARGET_LINK_LAYER_ADDRESS = 2;
const FLAG_ROUTER = 0x80;
const FLAG_OVERRIDE = 0x20;
const ALL_NODES = 'ff02::1';
/** RFC 2464 §7: 33:33 and the last four bytes of the group. */
const ALL_NODES_MAC = '33:33:00:00:00:01';
/** RFC 4861 §7.1.2: receivers drop it with any other, so that it cannot come from beyond a router. */
const HOP_LIMIT = 255;

/**
 * Unsolicited neighbour advertisement (RFC 4861 §7.2.6) to all nodes, with the Override flag, so that neighbours
 * replace the link-layer address that they have. A guest that routes must be announced with `isRouter`, or its
 * neighbours drop it as a default router (§7.2.5).
 */
export function neighbourAdvertisement(mac: string, address: string, options: { isRouter?: boolean } = {}): Uint8Array {
  const source = ipBytes(address, 6);
  const destination = ipBytes(ALL_NODES, 6);
  const flags = FLAG_OVERRIDE | (options.isRouter === true ? FLAG_ROUTER : 0);
  const message = (checksum: number) => [
    TYPE_NEIGHBOUR_ADVERTISEMENT,
    0,
    ...u16(checksum),
    flags,
    0,
    0,
    0,
    ...source,
    OPTION_TARGET_LINK_LAYER_ADDRESS,
    1,
    ...macBytes(mac),
  ];
  const blank = message(0);
  // RFC 8200 §8.1: the checksum also covers a pseudo-header of addresses, length and next header.
  const pseudoHeader = [...source, ...destination, 0, 0, ...u16(blank.length), 0, 0, 0, NEXT_HEADER_ICMPV6];
  const header = [0x60, 0, 0, 0, ...u16(blank.length), NEXT_HEADER_ICMPV6, HOP_LIMIT, ...source, ...destination];
  const payload = [...header, ...message(internetChecksum([...pseudoHeader, ...blank]))];
  return ethernet({ to: ALL_NODES_MAC, from: mac, etherType: ETHERTYPE_IPV6, payload });
}

/** RFC 1071: the one's complement of the one's complement sum of all 16-bit words. */
export function internetChecksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) {
    sum += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return ~sum & 0xffff;
}
