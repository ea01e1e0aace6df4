import type { DesiredPort } from './desired.js';
import type { ObservedBridge } from './observed.js';

/** Numbers for people: whoever reads `ovs-ofctl dump-flows` sees by the hundred what kind of port it is. */
const FIRST: Readonly<Record<DesiredPort['kind'], number>> = { tunnel: 1, tap: 201, probe: 401 };

/**
 * The OpenFlow port number of every desired port: the one that it asks for already, else the lowest free one of its
 * kind. It is fixed by `ofport_request`, so that the flows can be planned before the ports are there. Where somebody
 * has made two ports ask for the same one, it stays with the port that has it.
 */
export function assignOfports(
  ports: readonly DesiredPort[],
  observed: ObservedBridge | undefined,
): Map<string, number> {
  const seen = observed?.ports ?? [];
  const holders = new Map(seen.map((port) => [port.interface.ofport, port.name]));
  const assigned = new Map<string, number>();
  const used = new Set<number>();
  for (const { name, interface: device } of seen) {
    const { ofport, ofportRequest } = device;
    for (const number of [ofport, ofportRequest]) if (number !== null) used.add(number);
    if (ofportRequest === null || !ports.some((desired) => desired.name === name)) continue;
    const isFree = !holders.has(ofportRequest) && ![...assigned.values()].includes(ofportRequest);
    if (holders.get(ofportRequest) === name || isFree) assigned.set(name, ofportRequest);
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
