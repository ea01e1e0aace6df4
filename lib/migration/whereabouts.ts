import { setTimeout as sleep } from 'node:timers/promises';
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

/** A migration that was given up, or whose end nobody was told, is over by then. */
const SETTLE_MS = 15_000;
const LOOK_AGAIN_MS = 200;

/**
 * Which of the two ends has the living VM. As long as both have it libvirt may not be done, so they are asked again. A host that cannot
 * be asked makes the answer `unknown`: then nothing may be touched.
 */
export async function whereabouts(
  domain: string,
  source: MigrationHost,
  destination: MigrationHost,
  settleMs = SETTLE_MS,
): Promise<Whereabouts> {
  const deadline = performance.now() + settleMs;
  const look = async () => {
    const places = await whereIs(domain, [source, destination]);
    return places.filter((place) => place.state === 'running' || place.state === 'paused');
  };
  let places = await look();
  while (places.length > 1 && performance.now() < deadline) {
    await sleep(LOOK_AGAIN_MS);
    places = await look();
  }
  const alive = places.map((place) => place.host);
  const running = places.filter((place) => place.state === 'running').map((place) => place.host);
  const decisive = running.length === 1 ? running : alive;
  if (decisive.length > 1) return 'both';
  if (decisive[0] === source.name) return 'source';
  return decisive[0] === destination.name ? 'destination' : 'unknown';
}
