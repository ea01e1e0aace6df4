/** What the flows of one network's bridge depend on. */
export interface BridgeFacts {
  readonly tunnels: readonly number[];
  readonly locals: readonly LocalPort[];
  /** At the hub of a hub-and-spoke network frames go from tunnel to tunnel. */
  readonly relays: boolean;
}

export interface LocalPort {
  readonly ofport: number;
  /**
   * A VM is on its way to this port, from behind that tunnel. Broadcasts are not copied to the port yet: they would wait in its tap, and the
   * guest would get them late, and again after having seen them at the source. Only what its old host redirects goes there.
   */
  readonly incoming: { readonly mac: string; readonly tunnel: number } | null;
}
