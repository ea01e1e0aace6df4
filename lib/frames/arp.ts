import { BROADCAST, ethernet, ipBytes, macBytes, u16 } from './frame.js';

const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_RARP = 0x8035;
const UNKNOWN_MAC = '00:00:00:00:00:00';
const UNKNOWN_IP = '0.0.0.0';

const OPERATIONS = { request: 1, reply: 2, reverseRequest: 3 } as const;

interface ArpFields {
  readonly operation: keyof typeof OPERATIONS;
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac: string;
  readonly targetIp: string;
}

/**
 * RARP "request reverse" (RFC 903) for the MAC itself, without addresses: byte for byte what QEMU announces a guest
 * with after a migration. It moves the MAC in every bridge's FDB and is ignored by hosts, so that it needs no knowledge
 * of the guest's addresses.
 */
export function rarpAnnouncement(mac: string): Uint8Array {
  const fields: ArpFields = {
    operation: 'reverseRequest',
    senderMac: mac,
    senderIp: UNKNOWN_IP,
    targetMac: mac,
    targetIp: UNKNOWN_IP,
  };
  return ethernet({ to: BROADCAST, from: mac, etherType: ETHERTYPE_RARP, payload: arpPayload(fields) });
}

/**
 * Gratuitous ARP for the guest's own address.
 *
 * `request` is the ARP Announcement of RFC 5227 §2.3 and the default: RFC 826 has every receiver that knows the
 * sender's address update its entry *before* it looks at the operation, and §3 of RFC 5227 finds requests the safer of
 * the two, for some stacks drop replies that they never asked for. `reply` (RFC 5944 §4.6 allows both) reaches stacks
 * and switches' inspection that learn from replies only; senders who want to reach everybody send both, the request
 * first.
 */
export function gratuitousArp(mac: string, address: string, form: 'request' | 'reply' = 'request'): Uint8Array {
  const fields: ArpFields = {
    operation: form,
    senderMac: mac,
    senderIp: address,
    // Requests leave it unused; in a reply it is the address that caches are to take over (RFC 5944 §4.6).
    targetMac: form === 'request' ? UNKNOWN_MAC : mac,
    targetIp: address,
  };
  return ethernet({ to: BROADCAST, from: mac, etherType: ETHERTYPE_ARP, payload: arpPayload(fields) });
}

/** RFC 826: hardware type Ethernet, protocol IPv4, lengths 6 and 4. */
function arpPayload(fields: ArpFields): number[] {
  return [
    ...u16(1),
    ...u16(0x0800),
    6,
    4,
    ...u16(OPERATIONS[fields.operation]),
    ...macBytes(fields.senderMac),
    ...ipBytes(fields.senderIp, 4),
    ...macBytes(fields.targetMac),
    ...ipBytes(fields.targetIp, 4),
  ];
}
