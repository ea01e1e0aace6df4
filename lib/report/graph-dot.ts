import type { Host, Topology } from '../model/topology.js';
import { colourOf, describeNetwork, describeProbe, keyOf, tunnelsOf } from './graph-parts.js';

/** Graphviz: `dot -Tsvg`. */
export function renderDot(topology: Topology): string {
  return [
    `graph ${quote(topology.name)} {`,
    `  label=${quote([topology.name, ...topology.networks.map(describeNetwork)].join('\n'))};`,
    '  fontname="sans-serif"; node [fontname="sans-serif", shape=box, style=rounded]; edge [fontname="sans-serif"];',
    '  compound=true; splines=true; ranksep=0.4;',
    ...(topology.underlay.length > 1 ? ['  router [shape=ellipse];'] : []),
    ...topology.underlay.flatMap((segment) => [
      `  subgraph ${quote(`cluster segment ${segment.name}`)} {`,
      `    label=${quote(`${segment.name} ${segment.cidrs.join(', ')}`)}; style=filled; fillcolor="#f4f6f8";`,
      ...topology.hosts.filter((host) => host.underlay === segment.name).flatMap((host) => hostLines(topology, host)),
      '  }',
    ]),
    ...routerLines(topology),
    ...topology.vms.flatMap((vm) =>
      vm.nics.map(
        (nic) =>
          `  ${vmId(vm.name)} -- ${bridgeId(vm.host, nic.network)} [color="${colourOf(topology, nic.network)}"];`,
      ),
    ),
    ...tunnelsOf(topology).map(({ network, left, right }) => {
      const ends = `${bridgeId(left.name, network.name)} -- ${bridgeId(right.name, network.name)}`;
      const colour = colourOf(topology, network.name);
      return `  ${ends} [color="${colour}", penwidth=2, tooltip="${keyOf(network)}", constraint=false];`;
    }),
    ...topology.probes.map((probe) => {
      const from = probe.from.kind === 'vm' ? vmId(probe.from.name) : hostId(probe.from.name);
      const label = quote(describeProbe(probe));
      return `  ${from} -- ${vmId(probe.to)} [style=dashed, dir=forward, tooltip=${label}, constraint=false];`;
    }),
    '}',
    '',
  ].join('\n');
}

function hostLines(topology: Topology, host: Host): readonly string[] {
  return [
    `    subgraph ${quote(`cluster host ${host.name}`)} {`,
    '      label=""; fillcolor="white";',
    `      ${hostId(host.name)} [shape=plaintext, label=${quote([host.name, ...host.addresses].join('\n'))}];`,
    ...topology.networks.map((network) => {
      const colour = colourOf(topology, network.name);
      return (
        `      ${bridgeId(host.name, network.name)} [label=${quote(`bridge ${network.name}`)}, ` + `color="${colour}"];`
      );
    }),
    ...topology.vms
      .filter((vm) => vm.host === host.name)
      .flatMap((vm) => {
        const label = [vm.name, ...vm.nics.flatMap((nic) => nic.addresses)].join('\n');
        return [
          `      ${vmId(vm.name)} [shape=component, label=${quote(label)}];`,
          `      ${hostId(host.name)} -- ${vmId(vm.name)} [style=invis];`,
        ];
      }),
    // Ranks hosts, VMs and bridges from top to bottom in every host alike.
    ...topology.networks.map(
      (network) => `      ${hostId(host.name)} -- ${bridgeId(host.name, network.name)} [style=invis, minlen=2];`,
    ),
    '    }',
  ];
}

/** Graphviz joins nodes only: the line to a segment is one to its first host, cut at the segment's border. */
function routerLines(topology: Topology): readonly string[] {
  if (topology.underlay.length < 2) return [];
  return topology.underlay.flatMap((segment) => {
    const host = topology.hosts.find((candidate) => candidate.underlay === segment.name);
    return host === undefined
      ? []
      : [`  router -- ${hostId(host.name)} [lhead=${quote(`cluster segment ${segment.name}`)}];`];
  });
}

function hostId(name: string): string {
  return quote(`host ${name}`);
}

function vmId(name: string): string {
  return quote(`vm ${name}`);
}

function bridgeId(host: string, network: string): string {
  return quote(`bridge ${host} ${network}`);
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
