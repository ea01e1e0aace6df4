import type { HostShell } from '../host/connection.js';
import type { Fitness } from '../host/fitness.js';
import type { Check } from '../model/check.js';
import { VxmigError } from '../model/errors.js';
import type { Topology } from '../model/topology.js';
import { networkFacts } from '../network/ovs/facts.js';
import { OvsDatabase } from '../network/ovs/ovs-database.js';
import { OvsPlanner } from '../plan/ovs-planner.js';
import { planTopology } from '../plan/plan.js';
import { lookForBases } from './base-images.js';
import { refuseWithoutFirmware } from './firmware-check.js';
import { expectedOf, observeHost } from './observe.js';
import { observeVmFacts } from './vm-facts.js';

/**
 * Whether a plan can be made of what is on the hosts: what is in the way (a tunnel of somebody else's, an address where
 * no tunnel can begin), apply would stop at. None where a host lacks what every plan reads: that has checks of its own.
 */
export async function planChecks(
  topology: Topology,
  shells: ReadonlyMap<string, HostShell>,
  fitness: ReadonlyMap<string, Fitness>,
): Promise<Check[]> {
  const hasVms = topology.vms.length > 0;
  const answers = [...fitness.values()].every(
    ({ ovsdbVersion, vswitchdVersion, libvirtVersion }) =>
      ovsdbVersion !== '' && vswitchdVersion !== '' && (libvirtVersion !== '' || !hasVms),
  );
  if (!answers || shells.size < topology.hosts.length) return [];
  const check = { name: 'plan', expected: 'nothing is in the way of `vxmig apply FILE`' };
  try {
    const observed = await Promise.all(
      topology.hosts.flatMap(({ name }) => {
        const shell = shells.get(name);
        return shell === undefined ? [] : observe(topology, name, shell);
      }),
    );
    const shellOf = (host: string) => {
      const shell = shells.get(host);
      if (shell === undefined) throw new Error(`${host} is not connected`);
      return shell;
    };
    await refuseWithoutFirmware(topology, observed, shellOf);
    const { changes } = planTopology(topology, observed, {
      network: new OvsPlanner(networkFacts(topology, observed)),
      vms: await observeVmFacts(topology, observed, shellOf),
      bases: await lookForBases(topology, observed, shellOf),
    });
    const seen = changes.length === 0 ? 'nothing to do' : `nothing is in the way; ${changes.length} changes to make`;
    const odd = changes.filter(({ kind, action }) => (kind === 'bridge' || kind === 'underlay') && action === 'update');
    const hint = odd.map(({ host, name, why }) => `${host} ${name}: ${why}`).join('; ');
    return [{ ...check, ok: true, seen, hint: hint === '' ? '' : `${hint}. \`vxmig apply FILE\` fixes it.` }];
  } catch (error) {
    if (!(error instanceof VxmigError)) throw error;
    return [{ ...check, ok: false, seen: error.message, hint: error.hint }];
  }
}

async function observe(topology: Topology, name: string, shell: HostShell) {
  const ovs = await OvsDatabase.open(shell);
  try {
    return await observeHost({ name, shell, ovs }, topology.name, expectedOf(topology));
  } finally {
    ovs.close();
  }
}
