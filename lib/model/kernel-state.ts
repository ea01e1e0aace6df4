/** What a host's kernel has configured, as iproute2 tells it. */
export interface ObservedLink {
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  readonly up: boolean;
  /** `tun` for taps, `veth`, … ; null for physical devices. */
  readonly kind: string | null;
  readonly alias: string | null;
  /** Of a tap: who opens it may have several queues, and must ask for them. Left out: false. */
  readonly multiQueue?: boolean;
  /** Of a device that ends tunnels over UDP: where it listens. */
  readonly udpPort?: number;
  /** It takes the packets of every tunnel of its kind (`external` in ip-link(8)). Left out: false. */
  readonly external?: boolean;
  /** With prefix length; link-local IPv6 left out. */
  readonly addresses: readonly string[];
}

export interface ObservedRoute {
  readonly destination: string;
  readonly gateway: string | null;
  readonly device: string;
  readonly family: 4 | 6;
  /** Who has set it (`static`, `bird`, …); null: ip(8)'s default, `boot`. */
  readonly protocol: string | null;
  readonly metric: number | null;
}

/** The routes by which Open vSwitch's userspace datapath sends its tunnels (ovs-appctl ovs/route/show). */
export interface SwitchRoutes {
  /** They are copied from the kernel; else (ovs-vswitchd --disable-system-route) somebody has to add them. */
  readonly followKernel: boolean;
  readonly added: readonly SwitchRoute[];
}

export interface SwitchRoute {
  /** With prefix length. */
  readonly destination: string;
  readonly device: string;
  readonly gateway: string | null;
}

/** A named network namespace that holds one of our probe ports, with what is configured inside. */
export interface ObservedNamespace {
  readonly name: string;
  /** Whose it is, by the mark on its loopback device; null: not one of ours. */
  readonly topology: string | null;
  readonly links: readonly ObservedLink[];
}
