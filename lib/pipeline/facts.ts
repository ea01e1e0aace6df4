/** What the flows of one network's bridge depend on. */
export interface BridgeFacts {
  /** One for each host at the other end of a tunnel. */
  readonly tunnels: readonly Way[];
  readonly locals: readonly LocalPort[];
  /** At the hub of a hub-and-spoke network frames go from tunnel to tunnel. */
  readonly relays: boolean;
  /** Of all hosts, both families. */
  readonly vteps: readonly string[];
  /** What a tunnelled frame comes in, of every encapsulation that ends at those. */
  readonly carriers: readonly Carrier[];
  readonly access: AccessLists;
}

/** How a packet of a tunnel is known. */
export type Carrier =
  | { readonly kind: 'udp'; readonly port: number }
  | { readonly kind: 'ip'; readonly protocol: number };

/** Where frames leave a bridge, and come from: another host, or a port of this one. */
export interface Way {
  readonly ofport: number;
  /**
   * The endpoint that each frame names, at a tunnel port that leads to many (`remote_ip=flow`,
   * ovs-vswitchd.conf.db(5)); as OVS writes it. Null: the port leads to one place.
   */
  readonly remote: string | null;
}

export interface LocalPort {
  readonly ofport: number;
  /**
   * A VM is on its way to this port, from behind that tunnel. Broadcasts are not copied to the port yet: they would
   * wait in its tap, and the guest would get them late, and again after having seen them at the source. Only what its
   * old host redirects for its MACs goes there.
   */
  readonly incoming: { readonly macs: readonly string[]; readonly tunnel: Way } | null;
  /** What a VM may send; null: the port is no VM's, or its VM may send anything. */
  readonly security: PortSecurity | null;
}

/** Addresses are texts as OVS writes them. */
export interface PortSecurity {
  /** Its sources; it may say no others in ARP, RARP and neighbour discovery either. */
  readonly macs: readonly string[];
  /** Addresses or prefixes that it may send from; null: they are not checked. */
  readonly ipv4: readonly string[] | null;
  /** Link-local ones too. */
  readonly ipv6: readonly string[] | null;
  readonly mayServeDhcp: boolean;
  readonly mayAdvertiseRouter: boolean;
  readonly mayTag: boolean;
}

/** A frame goes on unless one of the three denies it; in each list the first rule that it meets decides. */
export interface AccessLists {
  readonly network: readonly AccessRule[];
  /** One list for each VM, of what it sends; and of what is sent to it. */
  readonly sender: readonly (readonly AccessRule[])[];
  readonly receiver: readonly (readonly AccessRule[])[];
}

export interface AccessRule {
  /** Stands in the cookies of its flows; from 1, unique within the bridge. */
  readonly id: number;
  /** Any one of these. */
  readonly from: readonly AccessEnd[];
  readonly to: readonly AccessEnd[];
  readonly protocol: 'any' | 'tcp' | 'udp' | 'icmp';
  /** Destination ports, both included; null: all. */
  readonly ports: { readonly first: number; readonly last: number } | null;
  readonly action: 'allow' | 'deny';
}

export type AccessEnd =
  | { readonly kind: 'any' }
  /** As the destination: unicast to it. */
  | { readonly kind: 'mac'; readonly mac: string }
  /** An address or prefix. `grouped`: only in frames to a group of MACs, which do not name the receiver by its own. */
  | { readonly kind: 'ip'; readonly family: 4 | 6; readonly prefix: string; readonly grouped: boolean };
