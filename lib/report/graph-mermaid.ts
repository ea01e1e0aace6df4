import { probePaths } from '../model/probe-path.js';
import type { Host, Topology } from '../model/topology.js';
import { colourOf, describeNetwork, keyOf, tunnelsOf } from './graph-parts.js';

/** Mermaid flowchart, as GitHub and GitLab draw it in Markdown. */
export function renderMermaid(topology: Topology): string {
  const links: Link[] = [
    ...segmentLinks(topology),
    ...nicLinks(topology),
    ...tunnelLinks(topology),
    ...probeLinks(topology),
  ];
  return [
    'flowchart TB',
    ...topology.networks.map((network) => `  %% ${describeNetwork(network)}`),
    ...(topology.underlay.length > 1 ? ['  router(["router"])'] : []),
    ...topology.underlay.flatMap((segment) => [
      `  subgraph ${id('segment', segment.name)} ["${segment.name} ${segment.cidrs.join(', ')}"]`,
      ...topology.hosts.filter((host) => host.underlay === segment.name).flatMap((host) => hostLines(topology, host)),
      '  end',
    ]),
    ...links.map((link) => `  ${link.text}`),
    ...links.flatMap((link, index) =>
      link.colour === null ? [] : [`  linkStyle ${index} stroke:${link.colour},stroke-width:2px`],
    ),
    '',
  ].join('\n');
}

interface Link {
  readonly text: string;
  readonly colour: string | null;
}

function hostLines(topology: Topology, host: Host): readonly string[] {
  return [
    `    subgraph ${id('host', host.name)} ["${host.name} ${host.addresses.join(', ')}"]`,
    ...topology.networks.map((network) => `      ${bridgeId(host.name, network.name)}["bridge ${network.name}"]`),
    ...topology.vms
      .filter((vm) => vm.host === host.name)
      .map(
        (vm) =>
          `      ${id('vm', vm.name)}(["${[vm.name, ...vm.nics.flatMap((nic) => nic.addresses)].join('<br/>')}"])`,
      ),
    '    end',
  ];
}

function segmentLinks(topology: Topology): readonly Link[] {
  if (topology.underlay.length < 2) return [];
  return topology.underlay.map((segment) => ({ text: `router --- ${id('segment', segment.name)}`, colour: null }));
}

function nicLinks(topology: Topology): readonly Link[] {
  return topology.vms.flatMap((vm) =>
    vm.nics.map((nic) => ({
      text: `${id('vm', vm.name)} --- ${bridgeId(vm.host, nic.network)}`,
      colour: colourOf(topology, nic.network),
    })),
  );
}

function tunnelLinks(topology: Topology): readonly Link[] {
  return tunnelsOf(topology).map(({ network, left, right }) => ({
    text: `${bridgeId(left.name, network.name)} <-->|${keyOf(network)}| ${bridgeId(right.name, network.name)}`,
    colour: colourOf(topology, network.name),
  }));
}

/** A host watches through its bridge: Mermaid cannot draw a line from a subgraph to what stands in it. */
function probeLinks(topology: Topology): readonly Link[] {
  return topology.probes.flatMap((probe) => {
    const to = `-.->|ping every ${probe.intervalMs} ms| ${id('vm', probe.to)}`;
    if (probe.from.kind === 'vm') return [{ text: `${id('vm', probe.from.name)} ${to}`, colour: null }];
    const networks = new Set(probePaths(topology, probe).map(({ network }) => network));
    return [...networks].map((network) => ({ text: `${bridgeId(probe.from.name, network)} ${to}`, colour: null }));
  });
}

/**
 * Names have no underscores and no capitals, so ids cannot meet; the kind in front keeps Mermaid's own words (`end`)
 * out.
 */
function id(kind: string, name: string): string {
  return `${kind}_${name.replaceAll('-', '_')}`;
}

function bridgeId(host: string, network: string): string {
  return `${id('bridge', network)}_ON_${host.replaceAll('-', '_')}`;
}
