import type { Host, Network, Probe, Topology } from '../model/topology.js';

/** A tunnel, once for both directions. */
export interface Tunnel {
  readonly network: Network;
  readonly left: Host;
  readonly right: Host;
}

/** Every pair of hosts that `mesh` joins, in the order of the file. */
export function tunnelsOf(topology: Topology): readonly Tunnel[] {
  return topology.networks.flatMap((network) =>
    topology.hosts.flatMap((left, index) =>
      topology.hosts
        .slice(index + 1)
        .filter((right) => network.mesh.kind !== 'hub' || [left.name, right.name].includes(network.mesh.hub))
        .map((right) => ({ network, left, right })),
    ),
  );
}

/**
 * Okabe and Ito's palette, which colour-blind people can tell apart, in shades that are dark enough for text on white.
 */
const COLOURS = ['#0072b2', '#d55e00', '#00805f', '#a8457e', '#8a6d00', '#3b7ea1', '#5b4ea3', '#555555'];

/** People name networks after colours: then the picture had better agree. */
const NAMED_COLOURS: Readonly<Record<string, string>> = {
  blue: '#0072b2',
  green: '#00805f',
  orange: '#d55e00',
  red: '#c0392b',
  purple: '#7d3c98',
  pink: '#c2578f',
  yellow: '#8a6d00',
  brown: '#7b4b2a',
  black: '#333333',
  grey: '#666666',
};

/** A network's colour: its name's, or else by its place among those whose name is none. */
export function colourOf(topology: Topology, network: string): string {
  const named = namedColour(network);
  if (named !== null) return named;
  const names = topology.networks.map((candidate) => candidate.name);
  const taken = new Set(names.map(namedColour));
  const free = COLOURS.filter((colour) => !taken.has(colour));
  const index = names.filter((name) => namedColour(name) === null).indexOf(network);
  return free[Math.max(index, 0) % Math.max(free.length, 1)] ?? '#333333';
}

function namedColour(name: string): string | null {
  return Object.hasOwn(NAMED_COLOURS, name) ? (NAMED_COLOURS[name] ?? null) : null;
}

const MESHES = { full: 'full mesh', flow: 'full mesh by one port' } as const;

/** `VNI 5001` */
export function keyOf({ encapsulation, vni }: Network): string {
  return `${encapsulation.key.name} ${vni}`;
}

export function describeNetwork(network: Network): string {
  const mesh = network.mesh.kind === 'hub' ? `hub ${network.mesh.hub}` : MESHES[network.mesh.kind];
  return `${network.name}: ${keyOf(network)}, ${network.cidrs.join(', ')}, MTU ${network.mtu}, ${mesh}`;
}

export function describeProbe(probe: Probe): string {
  return `${probe.from.name} → ${probe.to} every ${probe.intervalMs} ms`;
}
