/** A topology as it is now; `status --json` prints it. */
export interface TopologyStatus {
  readonly ok: boolean;
  readonly topology: string;
  readonly hosts: readonly HostStatus[];
  readonly tunnels: readonly TunnelStatus[];
  readonly vms: readonly VmStatus[];
  readonly fdb: readonly FdbPlace[];
  /** Nothing that was never met. */
  readonly drops: readonly DropCount[];
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

/**
 * What one host's switch has dropped for one reason, counted since the reason's flows came there: with the VM, or with
 * the rule.
 */
export interface DropCount {
  readonly host: string;
  readonly network: string;
  /** Who sent it, or whose rule it was; null: a network's rule. */
  readonly vm: string | null;
  readonly by: 'port-security' | 'access-rule';
  /** A word for each reason of port security; `rule N`. */
  readonly reason: string;
  readonly says: string;
  readonly packets: number;
}
