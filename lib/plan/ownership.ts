/** What vxmig writes on everything it makes, and by which alone it knows what it may change or remove. */
export const OWNER_KEY = 'vxmig-topology';
export const KIND_KEY = 'vxmig-kind';
/** At a tunnel port that leads to one host. */
export const REMOTE_HOST_KEY = 'vxmig-remote-host';

export function ownedBy(topology: string, externalIds: Readonly<Record<string, string>>): boolean {
  return externalIds[OWNER_KEY] === topology;
}

/** The mark on kernel devices (`ip link show` prints it as alias). */
export function linkAlias(topology: string): string {
  return `vxmig:${topology}`;
}

/** The userspace datapath's underlay bridge is shared by all topologies on a host: one key for each that uses it. */
export function underlayUserKey(topology: string): string {
  return `vxmig-user-${topology}`;
}
