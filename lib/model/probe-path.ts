import { parsePrefix, withoutLength } from './address.js';
import { probeAddresses } from './names.js';
import type { Probe, Topology } from './topology.js';

/**
 * Where a probe runs: over which overlay network, between which addresses (without prefix length, one pair per family).
 */
export interface ProbePath {
  readonly network: string;
  readonly pairs: readonly AddressPair[];
}

export interface AddressPair {
  readonly source: string;
  readonly target: string;
}

/**
 * One for each of the watched VM's NICs, in their order, in whose network both ends have addresses of one family. Empty
 * where there is none; the topology's checks of meaning refuse such a probe.
 */
export function probePaths(topology: Topology, probe: Pick<Probe, 'from' | 'to'>): ProbePath[] {
  const target = topology.vms.find((vm) => vm.name === probe.to);
  return (target?.nics ?? []).flatMap((nic) => {
    const pairs = pairUp(sourceAddresses(topology, probe, nic.network), nic.addresses);
    return pairs.length === 0 ? [] : [{ network: nic.network, pairs }];
  });
}

/** The first of them: where the two would talk to each other. */
export function probePath(topology: Topology, probe: Pick<Probe, 'from' | 'to'>): ProbePath | null {
  return probePaths(topology, probe)[0] ?? null;
}

/** The network in which that host or VM and the VM would talk to each other. */
export function commonNetwork(topology: Topology, from: string, to: string): string | null {
  return probePath(topology, { from: senderNamed(topology, from), to })?.network ?? null;
}

/** As a probe's `from` is read: a host, where there is one of that name. */
export function senderNamed({ hosts }: Topology, name: string): Probe['from'] {
  return { kind: hosts.some((host) => host.name === name) ? 'host' : 'vm', name };
}

function sourceAddresses(topology: Topology, probe: Pick<Probe, 'from'>, network: string): readonly string[] {
  if (probe.from.kind === 'host') return probeAddresses(topology, network, probe.from.name);
  const source = topology.vms.find((vm) => vm.name === probe.from.name);
  return (source?.nics ?? []).filter((nic) => nic.network === network).flatMap((nic) => nic.addresses);
}

/** Pairs the first source and target of each family; the addresses may carry a prefix length. */
export function pairUp(sources: readonly string[], targets: readonly string[]): AddressPair[] {
  return ([4, 6] as const).flatMap((family) => {
    const source = sources.find((text) => parsePrefix(text)?.ip.family === family);
    const target = targets.find((text) => parsePrefix(text)?.ip.family === family);
    if (source === undefined || target === undefined) return [];
    return [{ source: withoutLength(source), target: withoutLength(target) }];
  });
}
