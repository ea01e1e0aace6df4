import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Document, parseDocument } from 'yaml';
import { VxmigError } from '../model/errors.js';
import type { Topology, Vm } from '../model/topology.js';
import { parseTopology } from '../topology/read.js';

export const DEFAULT_TOPOLOGY = new URL('../../../topologies/two-subnets.yaml', import.meta.url);

/**
 * The topology under a name of its own, in files: as a whole, with probes from both ends of the move too, and with its
 * networks only.
 */
export interface BenchTopology {
  readonly topology: Topology;
  readonly file: string;
  readonly networks: Topology;
  readonly networksFile: string;
  readonly move: Move;
}

/** Who moves, and where to from the host that the topology names. */
export interface Move {
  readonly vm: Vm;
  readonly to: string;
}

/**
 * @param directory where the two files are written
 * @throws VxmigError TOPOLOGY_INVALID; USAGE where its hosts are not a lab's
 */
export async function benchTopology(source: string | URL, directory: string): Promise<BenchTopology> {
  const path = source instanceof URL ? source.pathname : source;
  const text = await readFile(source, 'utf8').catch((cause: unknown) => {
    throw new VxmigError('NOT_FOUND', `cannot read ${path}`, { where: path, cause });
  });
  const { name, lab } = parseTopology(text, path);
  if (lab === null) {
    throw new VxmigError('USAGE', `${path} describes real machines; the bench builds and removes its own hosts`, {
      where: path,
      hint: 'Use a topology with `lab: {}`.',
    });
  }
  const document = parseDocument(text);
  // Names end at 31 characters.
  document.set('name', `bench-${name}`.slice(0, 31));
  const named = parseTopology(document.toString(), path);
  const { vm, to } = chooseMove(named);
  watchFrom(
    document,
    [vm.host, to],
    named.probes.filter((probe) => probe.to === vm.name),
  );
  const whole = await written(document.toString(), join(directory, 'bench.yaml'));
  document.delete('vms');
  document.delete('probes');
  const networks = await written(document.toString(), join(directory, 'networks.yaml'));
  return { ...whole, networks: networks.topology, networksFile: networks.file, move: { vm, to } };
}

/** Each host sees a move from another side: the old one, the new one, and one that is neither. */
function watchFrom(document: Document, ends: readonly string[], probes: Topology['probes']): void {
  const watching = probes.flatMap(({ from }) => (from.kind === 'host' ? [from.name] : []));
  const [model] = probes;
  if (model === undefined) return;
  for (const from of ends.filter((end) => !watching.includes(end))) {
    document.addIn(['probes'], { from, to: model.to, interval: `${model.intervalMs}ms` });
  }
}

async function written(text: string, file: string): Promise<{ topology: Topology; file: string }> {
  const topology = parseTopology(text, file);
  await writeFile(file, text);
  return { topology, file };
}

/**
 * Who moves, and between which hosts: the first VM that is watched, to a host in another subnet that does not itself
 * watch.
 */
export function chooseMove(topology: Topology): Move {
  const vm = topology.vms.find(({ name }) =>
    topology.probes.some((probe) => probe.to === name && probe.from.kind === 'host'),
  );
  const segment = topology.hosts.find((host) => host.name === vm?.host)?.underlay;
  const watchers = new Set(topology.probes.map((probe) => probe.from.name));
  const others = topology.hosts.filter((host) => host.name !== vm?.host && !watchers.has(host.name));
  const to = others.find((host) => host.underlay !== segment) ?? others[0];
  if (vm === undefined || to === undefined) {
    throw new VxmigError('USAGE', `${topology.name} has no VM that a host probes, or no other host for it to go to`, {
      hint: 'Use topologies/two-subnets.yaml.',
    });
  }
  return { vm, to: to.name };
}
