import { formatBytes } from '../model/quantities.js';
import type { Topology } from '../model/topology.js';

/** Where there is no reference to measure by. */
const USUAL: Sizes = { hosts: 8, networks: 8, VMs: 8, probes: 32, vCPUs: 8, memory: 2 * 1024 ** 3 };
/** A student's way may take more than the teacher's, but no machine is given to it. */
const ROOM = 2;
/** What every machine has room for. */
const LEAST: Sizes = { hosts: 4, networks: 4, VMs: 4, probes: 16, vCPUs: 4, memory: 512 * 1024 ** 2 };

type Sizes = Readonly<Record<'hosts' | 'networks' | 'VMs' | 'probes' | 'vCPUs' | 'memory', number>>;

/** In what a submission is larger than a lab of it may be; null: in nothing. A lab is not brought up of one that is. */
export function oversize(submission: Topology, reference: Topology | null): string | null {
  const [sizes, right] = [sizesOf(submission), reference === null ? null : sizesOf(reference)];
  const excess = (Object.keys(USUAL) as (keyof Sizes)[]).flatMap((key) => {
    const most = right === null ? USUAL[key] : Math.max(LEAST[key], right[key] * ROOM);
    const text = key === 'memory' ? formatBytes : (count: number) => `${count} ${key}`;
    return sizes[key] <= most ? [] : [`${text(sizes[key])} where ${text(most)} are the most`];
  });
  return excess.length === 0 ? null : `it is too large to be built: ${excess.join(', ')}`;
}

function sizesOf({ hosts, networks, vms, probes }: Topology): Sizes {
  const sum = (of: (vm: Topology['vms'][number]) => number) => vms.reduce((all, vm) => all + of(vm), 0);
  return {
    hosts: hosts.length,
    networks: networks.length,
    VMs: vms.length,
    probes: probes.length,
    vCPUs: sum(({ vcpus }) => vcpus),
    memory: sum(({ memoryBytes }) => memoryBytes),
  };
}
