/** What a host has for a VM that would come to it, beside what its disks need. */
export interface HostOffer {
  /** Names of its network devices. */
  readonly devices: readonly string[];
  /** libvirt's networks, of those that were asked for. */
  readonly networks: ReadonlyMap<string, NetworkOffer>;
  /** By their size in bytes: how many huge pages nobody has, or has been promised. */
  readonly freePages: ReadonlyMap<number, number>;
  /** The size that is meant where none is said; null: the host has none. */
  readonly hugePageBytes: number | null;
  /** Of the paths that were asked for, those that are there. */
  readonly paths: readonly string[];
}

export interface NetworkOffer {
  readonly isActive: boolean;
  /** To which VMs are connected; null: they get devices of the host (macvtap, SR-IOV). */
  readonly bridge: string | null;
  /** As libvirt.org/formatnetwork has it: `nat`, `route`, `open`, `bridge`, …; empty: it leads to nobody else. */
  readonly forward: string;
}

/** What a definition makes worth asking for. */
export interface OfferRequest {
  readonly networks: readonly string[];
  readonly paths: readonly string[];
}
