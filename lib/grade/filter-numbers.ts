import { ENCAPSULATIONS } from '../model/encapsulation.js';
import type { Topology } from '../model/topology.js';

/** What is said of a filter that is none. */
export const FILTER_FIX = `as tshark reads it: \`${ENCAPSULATIONS[0].key.filterField} == 5001 && icmp\``;

/** `{blue.vni}` in a display filter: numbers that a student may choose are those of his own file. */
const NUMBER = /\{([a-z][a-z0-9-]{0,30})\.vni\}/g;

/** The networks whose VNI the filter asks for. */
export function networksIn(filter: string): readonly string[] {
  return [...filter.matchAll(NUMBER)].flatMap(([, network]) => network ?? []);
}

/** The filter as tshark reads it, with the numbers of that topology; null: any will do. */
export function withNumbers(filter: string, topology: Topology | null): string {
  return filter.replace(NUMBER, (_, name: string) =>
    String(topology?.networks.find((network) => network.name === name)?.vni ?? 1),
  );
}
