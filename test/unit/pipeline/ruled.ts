import type { Topology } from '../../../lib/model/topology.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { TopologyError } from '../../../lib/topology/topology-error.js';

export interface Rules {
  /** As they are written. */
  readonly blue: readonly string[];
  readonly web: readonly string[];
}

/** Two VMs in one network with such rules; null where they have mistakes. */
export function ruled({ blue, web }: Rules): Topology | null {
  const acl = (rules: readonly string[]) => (rules.length === 0 ? '' : `acl: [${rules.join(', ')}]`);
  const text = `version: 1
name: ruled
underlay:
  left: {cidr: 198.18.1.0/24}
hosts:
  host-a: {underlay: left, address: 198.18.1.10}
networks:
  blue:
    vni: 5001
    cidr: [10.9.0.0/24, "fd00:9::/64"]
    ${acl(blue)}
vms:
  web:
    host: host-a
    image: micro
    nics: [{network: blue, mac: "52:54:00:09:00:01", address: [10.9.0.1/24, "fd00:9::1/64"]}]
    ${acl(web)}
  db:
    host: host-a
    image: micro
    nics: [{network: blue, mac: "52:54:00:09:00:02", address: [10.9.0.2/24, "fd00:9::2/64"]}]
`;
  try {
    return parseTopology(text, 'ruled.yaml');
  } catch (error) {
    if (error instanceof TopologyError) return null;
    throw error;
  }
}
