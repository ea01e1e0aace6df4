import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { VxmigError } from '../model/errors.js';
import type { Topology, Vm } from '../model/topology.js';
import { parseTopology } from '../topology/read.js';

export const DEFAULT_TOPOLOGY = new URL('../../../topologies/two-subnets.yaml', import.meta.url);

/** The topology under a name of its own, in files: as a whole, and with its networks only. */
export interface BenchTopology {
  readonly topology: Topology;
  readonly file: string;
  readonly networks: Topology;
  readonly networksFile: string;
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
  const whole = await written(document.toString(), join(directory, 'bench.yaml'));
  document.delete('vms');
  document.delete('probes');
  const networks = await written(document.toString(), join(directory, 'networks.yaml'));
  return { topology: whole.topology, file: whole.file, networks: networks.topology, networksFile: networks.file };
}

async function written(text: string, file: string): Promise<{ topology: Topology; file: string }> {
  const topology = parseTopology(text, file);
  await writeFile(file, text);
  return { topology, file };
}

/** Who moves, and between which hosts: the first VM that is watched, to a host in another subnet that does not itself watch. */
export function chooseMove(topology: Topology): { readonly vm: Vm; readonly to: string } {
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
