import { parseIp } from '../model/address.js';

export const BROADCAST = 'ff:ff:ff:ff:ff:ff';
/** The shortest Ethernet frame without its checksum (IEEE 802.3): shorter ones are padded with zeros. */
const MINIMUM_BYTES = 60;

/** @throws RangeError if it is not written as six pairs of hex digits with colons */
export function macBytes(mac: string): number[] {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) throw new RangeError(`not a MAC address: ${mac}`);
  return mac.split(':').map((pair) => Number.parseInt(pair, 16));
}

/** @throws RangeError if it is not an address of that family */
export function ipBytes(address: string, family: 4 | 6): number[] {
  const ip = parseIp(address);
  if (ip?.family !== family) throw new RangeError(`not an IPv${family} address: ${address}`);
  const count = family === 4 ? 4 : 16;
  return Array.from({ length: count }, (_, index) => Number((ip.value >> BigInt(8 * (count - 1 - index))) & 0xffn));
}

export function u16(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff];
}

export function ethernet(frame: {
  to: string;
  from: string;
  etherType: number;
  payload: readonly number[];
}): Uint8Array {
  const bytes = [...macBytes(frame.to), ...macBytes(frame.from), ...u16(frame.etherType), ...frame.payload];
  const padding = Array<number>(Math.max(0, MINIMUM_BYTES - bytes.length)).fill(0);
  return Uint8Array.from([...bytes, ...padding]);
}

/** As `ovs-ofctl packet-out … packet=HEX` takes it. */
export function toHex(frame: Uint8Array): string {
  return Buffer.from(frame).toString('hex');
}
