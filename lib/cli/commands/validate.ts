import { probePath } from '../../model/probe-path.js';
import { formatProblem, type Problem } from '../../model/problem.js';
import type { Topology } from '../../model/topology.js';
import { deniedFrames } from '../../plan/access-meaning.js';
import { paint } from '../../report/style.js';
import { aboutKey, type Complaint } from '../../topology/complaint.js';
import { placed } from '../../topology/placed.js';
import { readTopology } from '../../topology/read.js';
import { readYaml } from '../../topology/yaml-source.js';
import type { CommandContext } from '../context.js';

/** Probes that the file's own rules deny: they would lose every ping, and say of nobody but themselves that he cannot be reached. */
function deniedProbes(
  topology: Topology,
  { source: text, file }: { readonly source: string; readonly file: string },
): readonly Problem[] {
  const { source } = readYaml(text, file, 'topology');
  const complaints = topology.probes.flatMap((probe, index): Complaint[] => {
    const name = probePath(topology, probe)?.network;
    const network = topology.networks.find((one) => one.name === name);
    const { from, to } = { from: probe.from.name, to: probe.to };
    const traffic = [{ protocol: 'icmp', port: null }] as const;
    const ways = [
      { from, to },
      { from: to, to: from },
    ];
    const [denial] =
      network === undefined ? [] : ways.flatMap((way) => deniedFrames(topology, network, { ...way, traffic }));
    if (denial === undefined) return [];
    const { frame, rule } = denial;
    const message = `its pings are denied: ${rule}, and they go from ${frame.src} to ${frame.dst}`;
    return [
      aboutKey(
        ['probes', index],
        message,
        `\`{from: ${from}, to: ${to}, action: allow}\` before that rule lets them through`,
      ),
    ];
  });
  return source === null ? [] : placed(complaints, source, file);
}

/** @throws TopologyError with every mistake of the file */
export async function validateCommand({ output }: CommandContext, file: string): Promise<number> {
  const { topology, source, remarks: written } = await readTopology(file);
  const remarks = [...written, ...deniedProbes(topology, { source, file })];
  const { style } = output;
  const text = [
    `${file}: ${paint(style, 'good', 'valid')}`,
    ...remarks.map((remark) => `${paint(style, 'warning', 'remark:')} ${formatProblem(remark)}`),
  ];
  output.result({ ok: true, file, name: topology.name, remarks }, text.join('\n'));
  return 0;
}
