/** Why a frame is dropped that must not be there; the number stands in the cookies of the flows that do. */
export const DROP_REASONS = {
  mac: { id: 1, says: 'from a MAC address that is not its own' },
  vlan: { id: 2, says: 'with a VLAN tag' },
  vtep: { id: 3, says: 'a tunnelled frame to a tunnel endpoint of the underlay' },
  arp: { id: 4, says: 'ARP for a MAC or an address that is not its own' },
  rarp: { id: 5, says: 'RARP for a MAC that is not its own, or another than a request' },
  ipv4: { id: 6, says: 'from an IPv4 address that is not its own' },
  ipv6: { id: 7, says: 'from an IPv6 address that is not its own' },
  neighbour: { id: 8, says: 'neighbour discovery for a MAC or an address that is not its own' },
  'router-advertisement': { id: 9, says: 'router advertisement or redirect' },
  'dhcp-server': { id: 10, says: 'answer of a DHCP server' },
  ethertype: { id: 11, says: 'neither IP nor ARP nor RARP' },
  endpoint: { id: 12, says: 'through a tunnel from an endpoint that the network does not have' },
} as const;

export type DropReason = keyof typeof DROP_REASONS;

export function dropReasonOf(id: number): DropReason | null {
  const reasons = Object.keys(DROP_REASONS) as DropReason[];
  return reasons.find((reason) => DROP_REASONS[reason].id === id) ?? null;
}
