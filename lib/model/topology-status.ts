/** A topology as it is now; `status --json` prints it. */
export interface TopologyStatus {
  readonly ok: boolean;
  readonly topology: string;
  readonly hosts: readonly HostStatus[];
  readonly tunnels: readonly TunnelStatus[];
  readonly vms: readonly VmStatus[];
  readonly fdb: readonly FdbPlace[];
}

export interface HostStatus {
  readonly host: string;
  readonly reachable: boolean;
  /** Why not, or empty. */
  readonly problem: string;
  readonly openVSwitch: string | null;
  readonly datapaths: readonly string[];
  readonly bridges: readonly string[];
}

export interface TunnelStatus {
  readonly host: string;
  readonly network: string;
  readonly port: string;
  readonly remoteHost: string;
  readonly remoteIp: string;
  readonly vni: string;
  readonly ready: boolean;
}

export interface VmStatus {
  readonly vm: string;
  /** Where the topology wants it. */
  readonly wanted: string;
  /** Where libvirt has it; more than one is a fault. */
  readonly places: readonly { readonly host: string; readonly state: string }[];
}

/** Where one host's forwarding table has one VM. */
export interface FdbPlace {
  readonly host: string;
  readonly network: string;
  readonly vm: string;
  readonly mac: string;
  /** A host; null: the table has no entry. */
  readonly seen: string | null;
}
