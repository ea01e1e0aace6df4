import type { Family } from './address.js';

/**
 * How a network's frames are wrapped on their way between hosts. All that differs between encapsulations is in such a
 * row; whoever makes, matches or counts tunnels reads it from the network.
 */
export interface Encapsulation {
  /** As `type` of a network in the topology file. */
  readonly name: string;
  /** In messages: `VXLAN`. */
  readonly title: string;
  /** Of the interface in Open vSwitch (ovs-vswitchd.conf.db(5), Interface `type`). */
  readonly ovsType: string;
  /** Of the underlay's MTU, by the tunnel's address family: inner Ethernet header, its own, and the outer IP header. */
  readonly overheadBytes: Readonly<Record<Family, number>>;
  readonly key: TunnelKey;
  readonly carrier: Carrier;
  readonly kernel: KernelDevice;
}

/** The number that keeps networks apart. */
export interface TunnelKey {
  /** In messages: `VNI`. */
  readonly name: string;
  /** What the file's `vni` is to be. */
  readonly noun: string;
  /** Both included. */
  readonly first: number;
  readonly last: number;
  /** The field of Wireshark's display filters that holds it. */
  readonly filterField: string;
}

/** By what its packets are known on the underlay. */
export type Carrier =
  | { readonly kind: 'udp'; readonly port: number }
  | { readonly kind: 'ip'; readonly protocol: number };

export interface KernelDevice {
  /** The one that Open vSwitch's datapath in the kernel makes for itself. */
  readonly name: string;
  /** As `ip link show type` knows them. */
  readonly linkKind: string;
}

/** The first is what a network has whose file says nothing. */
export const ENCAPSULATIONS: readonly [Encapsulation, ...(readonly Encapsulation[])] = [
  {
    name: 'vxlan',
    title: 'VXLAN',
    ovsType: 'vxlan',
    // RFC 7348 §5: inner Ethernet 14, VXLAN 8, UDP 8, IP 20 or 40.
    overheadBytes: { 4: 50, 6: 70 },
    key: {
      name: 'VNI',
      noun: 'a VXLAN network identifier',
      first: 1,
      last: 2 ** 24 - 1,
      filterField: 'vxlan.vni',
    },
    // What IANA has assigned, and what Open vSwitch takes where nothing is said.
    carrier: { kind: 'udp', port: 4789 },
    // dpif-netlink-rtnl.c
    kernel: { name: 'vxlan_sys_4789', linkKind: 'vxlan' },
  },
];

/** @param name undefined: the file says nothing. @throws Error for a name that the schema does not know */
export function encapsulationNamed(name: string | undefined): Encapsulation {
  const found = name === undefined ? ENCAPSULATIONS[0] : ENCAPSULATIONS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no encapsulation ${name}`);
  return found;
}

/** Those that some networks use, each once. */
export function encapsulationsOf(networks: readonly { readonly encapsulation: Encapsulation }[]): Encapsulation[] {
  return [...new Map(networks.map(({ encapsulation }) => [encapsulation.name, encapsulation])).values()];
}

/** All that are known, with those of some networks. */
export function encapsulationsBeside(networks: Parameters<typeof encapsulationsOf>[0]): Encapsulation[] {
  return encapsulationsOf([...networks, ...ENCAPSULATIONS.map((encapsulation) => ({ encapsulation }))]);
}

/** `UDP 4789`, `IP protocol 47` */
export function carrierText(carrier: Carrier): string {
  return carrier.kind === 'udp' ? `UDP ${carrier.port}` : `IP protocol ${carrier.protocol}`;
}
