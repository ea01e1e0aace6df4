import { asHostPrefix, type Family, linkLocalOf, parsePrefix } from '../model/address.js';
import type { Nic } from '../model/topology.js';
import type { PortSecurity } from '../pipeline/facts.js';

/** What a NIC may send; null: anything. One for which the file names no address at all may use any, behind its MAC. */
export function portSecurity({ mac, addresses, allow }: Nic): PortSecurity | null {
  if (allow.any) return null;
  const macs = [mac, ...allow.macs];
  const sources = [...addresses.map(asHostPrefix), ...allow.prefixes];
  const of = (family: Family) => sources.filter((source) => parsePrefix(source)?.ip.family === family);
  return {
    macs,
    ipv4: sources.length === 0 ? null : of(4),
    ipv6: sources.length === 0 ? null : [...new Set([...of(6), ...macs.map((each) => `${linkLocalOf(each)}/128`)])],
    mayServeDhcp: allow.dhcpServer,
    mayAdvertiseRouter: allow.routerAdvertisements,
    mayTag: allow.vlan,
  };
}
