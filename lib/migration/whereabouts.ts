import type { MigrationHost } from './needs.js';
import type { Whereabouts } from './stage.js';

export interface Place {
  readonly host: string;
  readonly state: string;
}

/** Every host on which libvirt knows the domain, and in which state. */
export async function whereIs(domain: string, hosts: readonly MigrationHost[]): Promise<Place[]> {
  const seen = await Promise.all(hosts.map(async (host) => ({ host: host.name, domain: await host.domain(domain) })));
  return seen.flatMap(({ host, domain: found }) => (found === null ? [] : [{ host, state: found.state }]));
}

/** Which of the two ends has the living VM. A host that cannot be asked makes the answer `unknown`: then nothing may be touched. */
export async function whereabouts(
  domain: string,
  source: MigrationHost,
  destination: MigrationHost,
): Promise<Whereabouts> {
  const places = await whereIs(domain, [source, destination]);
  const alive = places
    .filter((place) => place.state === 'running' || place.state === 'paused')
    .map((place) => place.host);
  const running = places.filter((place) => place.state === 'running').map((place) => place.host);
  const decisive = running.length === 1 ? running : alive;
  if (decisive.length > 1) return 'both';
  if (decisive[0] === source.name) return 'source';
  return decisive[0] === destination.name ? 'destination' : 'unknown';
}
