import type { MigrationHost } from './needs.js';

export interface Place {
  readonly host: string;
  readonly state: string;
}

/** Every host on which libvirt knows the domain, and in which state. */
export async function whereIs(domain: string, hosts: readonly MigrationHost[]): Promise<Place[]> {
  const seen = await Promise.all(hosts.map(async (host) => ({ host: host.name, domain: await host.domain(domain) })));
  return seen.flatMap(({ host, domain: found }) => (found === null ? [] : [{ host, state: found.state }]));
}
