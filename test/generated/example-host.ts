import type { Flow } from '../../lib/openflow/flow.js';
import { renderFlow } from '../../lib/openflow/text.js';
import { PIPELINE_NAMING } from '../../lib/pipeline/bits.js';
import { bridgeFlows } from '../../lib/pipeline/flows.js';
import { desiredNetwork, incomingVm } from '../../lib/plan/desired.js';
import { bridgeFacts } from '../../lib/plan/flow-plan.js';
import { assignOfports } from '../../lib/plan/ofports.js';
import { parseTopology } from '../../lib/topology/read.js';

type ExampleMesh = 'full' | 'flow' | '{hub: host-a}';

/** Three hosts, one VM on the first, a probe on the third. */
function example(mesh: ExampleMesh): string {
  return `version: 1
name: example
underlay:
  left: {cidr: 198.18.1.0/24}
  right: {cidr: 198.18.2.0/24}
hosts:
  host-a: {underlay: left, address: 198.18.1.10}
  host-b: {underlay: right, address: 198.18.2.10}
  host-c: {underlay: right, address: 198.18.2.11}
networks:
  blue: {vni: 5001, cidr: 10.9.0.0/24, mesh: ${mesh}}
vms:
  web:
    host: host-a
    image: micro
    nics: [{network: blue, mac: "52:54:00:09:00:01", address: 10.9.0.1/24}]
probes:
  - {from: host-c, to: web}
`;
}

export interface ExampleHost {
  /** File name without ending. */
  readonly name: string;
  readonly title: string;
  /** Port number and name, in the order of the numbers. */
  readonly ports: readonly (readonly [ofport: number, name: string])[];
  readonly flows: readonly Flow[];
}

export const EXAMPLE_HOSTS: readonly ExampleHost[] = [
  exampleHost('mesh-host', 'a host of a full mesh that holds the VM', 'full', 'host-a', []),
  exampleHost(
    'mesh-host-with-incoming-vm',
    'the destination of a migration, while the VM is on its way',
    'full',
    'host-b',
    ['web'],
  ),
  exampleHost('hub', 'the hub of a hub-and-spoke network', '{hub: host-a}', 'host-a', []),
  exampleHost('flow-mesh-host', 'a host of a full mesh by one port that holds the VM', 'flow', 'host-a', []),
  exampleHost(
    'flow-mesh-host-with-incoming-vm',
    'the same for the destination of a migration, while the VM is on its way',
    'flow',
    'host-b',
    ['web'],
  ),
  exampleHost('spoke', 'a spoke, with a probe', '{hub: host-a}', 'host-c', []),
];

function exampleHost(
  name: string,
  title: string,
  mesh: ExampleMesh,
  host: string,
  incoming: readonly string[],
): ExampleHost {
  const topology = parseTopology(example(mesh), 'example.yaml');
  const facts = { datapath: 'netdev', accelerator: { type: 'qemu' } } as const;
  const coming = incoming.map((vm) => incomingVm(topology, vm));
  const [bridge] = desiredNetwork(topology, host, { ...facts, incoming: coming }).bridges;
  if (bridge === undefined) throw new Error('the example has no bridge');
  const ofports = assignOfports(bridge.ports, undefined);
  const ports = [...ofports].map(([port, ofport]) => [ofport, port] as const).sort(([a], [b]) => a - b);
  return { name, title, ports, flows: bridgeFlows(bridgeFacts(bridge, ofports)) };
}

/**
 * In the order in which a frame meets them: table, then priority; without cookies, which say the same on every line.
 */
export function readableFlows(flows: readonly Flow[]): string {
  const order = [...flows].sort((a, b) => a.table - b.table || b.priority - a.priority);
  let table = -1;
  const lines = order.flatMap((flow) => {
    const gap = table >= 0 && flow.table !== table ? [''] : [];
    table = flow.table;
    return [...gap, renderFlow({ ...flow, cookie: 0n }, PIPELINE_NAMING)];
  });
  return `${lines.join('\n')}\n`;
}

export function portTable({ ports }: ExampleHost): string {
  return ports.map(([ofport, name]) => `${String(ofport).padStart(4)}  ${name}`).join('\n');
}
