import type { DesiredPort } from './desired.js';
import type { ObservedBridge } from './observed.js';

/** Numbers for people: whoever reads `ovs-ofctl dump-flows` sees by the hundred what kind of port it is. */
const FIRST: Readonly<Record<DesiredPort['kind'], number>> = { tunnel: 1, tap: 201, probe: 401 };

/**
 * The OpenFlow port number of every desired port: the one it has already, else the lowest free one of its kind. It is
 * fixed by `ofport_request`, so that the flows can be planned before the ports are there.
 */
export function assignOfports(
  ports: readonly DesiredPort[],
  observed: ObservedBridge | undefined,
): Map<string, number> {
  const assigned = new Map<string, number>();
  const used = new Set<number>();
  for (const port of observed?.ports ?? []) {
    const { ofport, ofportRequest } = port.interface;
    for (const number of [ofport, ofportRequest]) if (number !== null) used.add(number);
    if (ofportRequest !== null && ports.some((desired) => desired.name === port.name))
      assigned.set(port.name, ofportRequest);
  }
  for (const port of ports) {
    if (assigned.has(port.name)) continue;
    let number = FIRST[port.kind];
    while (used.has(number)) number += 1;
    used.add(number);
    assigned.set(port.name, number);
  }
  return assigned;
}
