import type { Family } from '../model/address.js';

/**
 * What VXLAN takes from the underlay's MTU, in bytes: inner Ethernet 14, VXLAN 8, UDP 8, and the outer IP header of 20
 * or 40 (RFC 7348 §5). The outer Ethernet header is no part of an MTU.
 */
export function vxlanOverheadBytes(tunnelFamily: Family): 50 | 70 {
  return tunnelFamily === 4 ? 50 : 70;
}

/** IPv6 does not work over links that carry less (RFC 8200 §5). */
export const IPV6_MINIMUM_MTU = 1280;
