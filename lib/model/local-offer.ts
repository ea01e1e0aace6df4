/** What a definition can name of the host that it is on, as far as another host has it, too. */
export interface LocalOffer {
  /** Names of its network devices. */
  readonly devices: readonly string[];
  /** libvirt's networks, of those that were asked for. */
  readonly networks: ReadonlyMap<string, LocalNetwork>;
  /** Of the paths that were asked for, those that are there. */
  readonly paths: readonly string[];
}

export interface LocalNetwork {
  readonly isActive: boolean;
  /** To which VMs are connected; null: they get devices of the host (macvtap, SR-IOV). */
  readonly bridge: string | null;
  /** As libvirt.org/formatnetwork has it: `nat`, `route`, `open`, `bridge`, …; empty: it leads to nobody else. */
  readonly forward: string;
}

/** What a definition makes worth asking for. */
export interface LocalRequest {
  readonly networks: readonly string[];
  readonly paths: readonly string[];
}
