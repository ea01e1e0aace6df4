import type { Encapsulation } from '../model/encapsulation.js';
import { shellWord } from '../model/quote.js';

/**
 * A line of shell that tells who takes an encapsulation's packets on a host: sockets, and the kernel's devices of that
 * kind.
 */
export function carrierQuestion({ carrier, kernel: { linkKind } }: Encapsulation): string {
  const devices = `ip -o -d link show type ${shellWord(linkKind)}`;
  return carrier.kind === 'udp' ? `ss -Hlunp 'sport = :${carrier.port}'; ${devices}` : devices;
}

/**
 * Who does; empty where nobody does, or Open vSwitch, whose device in the kernel holds them for it. A UDP port has a
 * socket also where a device has it; of an IP protocol the kernel gives all packets to the one device that is
 * `external` (ip-link(8)).
 */
export function carrierHolder({ carrier, kernel }: Encapsulation, answer: string): string {
  const lines = answer.split('\n').filter((line) => line !== '');
  if (lines.some((line) => deviceIn(line) === kernel.name)) return '';
  if (carrier.kind === 'udp')
    return lines.filter((line) => deviceIn(line) === null && line.includes(`:${carrier.port} `)).join('; ');
  const devices = lines.flatMap((line) => (line.includes(' external ') ? (deviceIn(line) ?? []) : []));
  return devices.map((device) => `the device ${device}`).join(', ');
}

/** `7: vx0: <…>` or `7: vx0@eth0: <…>`: the name; null: it is a socket's line. */
function deviceIn(line: string): string | null {
  return /^\d+: ([^:@ ]+)[@:]/.exec(line)?.[1] ?? null;
}
