import { DomainDefinition } from '../model/domain-definition.js';
import type { DomainSeen, MigrationHost } from './needs.js';

export interface Place {
  readonly host: string;
  readonly state: string;
  readonly seen: DomainSeen;
}

/** Every host on which libvirt knows a domain of that name, and in which state. */
export async function whereIs(domain: string, hosts: readonly MigrationHost[]): Promise<Place[]> {
  const found = await Promise.all(hosts.map(async (host) => ({ host: host.name, seen: await host.domain(domain) })));
  return found.flatMap(({ host, seen }) => (seen === null ? [] : [{ host, state: seen.state, seen }]));
}

/** Whether that is the same VM; a migration keeps its UUID. Where one of the two cannot be read, it is. */
export function isSame(one: Pick<DomainSeen, 'xml'>, other: Pick<DomainSeen, 'xml'>): boolean {
  return !one.xml || !other.xml || uuidOf(one) === uuidOf(other);
}

export function uuidOf({ xml }: Pick<DomainSeen, 'xml'>): string {
  return DomainDefinition.parse(xml).uuid;
}
