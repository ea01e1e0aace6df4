import type { Family } from '../model/address.js';
import type { Encapsulation } from '../model/encapsulation.js';

export interface OverlayRoom {
  /** The largest MTU that fits into every segment. */
  readonly mtu: number;
  /** The smallest of the segments'. */
  readonly underlayMtu: number;
  readonly overhead: number;
}

/** The segments that hosts stand in, and the family of the addresses between which they have tunnels. */
export interface TunnelUnderlay {
  readonly mtus: readonly number[];
  readonly family: Family;
}

/** What the underlay leaves to a network, in bytes of an IP packet. */
export function overlayRoom({ overheadBytes }: Encapsulation, { mtus, family }: TunnelUnderlay): OverlayRoom {
  const underlayMtu = Math.min(...mtus);
  const overhead = overheadBytes[family];
  return { mtu: underlayMtu - overhead, underlayMtu, overhead };
}
