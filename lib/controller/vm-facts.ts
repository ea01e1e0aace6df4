import type { HostShell } from '../host/connection.js';
import { wantsBaseline } from '../model/cpu-baseline.js';
import type { Topology } from '../model/topology.js';
import { baselineCpus } from '../plan/baseline-cpus.js';
import type { VmFacts } from '../plan/desired-vms.js';
import type { ObservedVms } from '../plan/observed.js';
import { askCpu, commonCpu } from './cpu-baseline.js';
import { vmFacts } from './facts.js';

/**
 * With the CPU that all hosts can give, for which they are asked only where a VM is to have it.
 *
 * @param observed all hosts of the topology
 * @throws VxmigError HOST_UNFIT as baselineCpus
 */
export async function observeVmFacts(
  topology: Topology,
  observed: readonly ObservedVms[],
  shellOf: (host: string) => HostShell,
): Promise<VmFacts> {
  const facts = vmFacts(observed);
  const [first] = topology.hosts;
  if (first === undefined || !topology.vms.some(wantsBaseline)) return facts;
  const { type } = facts.accelerator;
  const told = await Promise.all(topology.hosts.map(({ name }) => askCpu(name, shellOf(name), type)));
  const common = await commonCpu(told, type, shellOf(first.name));
  return { ...facts, ...baselineCpus(topology, observed, common) };
}
