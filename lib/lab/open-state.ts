import { totalmem } from 'node:os';
import { VxmigError } from '../model/errors.js';
import type { Topology } from '../model/topology.js';
import { groupWarnings } from './control-groups.js';
import { withMachineLock } from './lab-lock.js';
import { managementBridge, managementPort, ROUTER } from './lab-names.js';
import { type LabHostState, type LabState, LabStateStore, readLabState } from './lab-state.js';
import { limitsFor } from './limits.js';
import { observeUsedPrefixes } from './link-operations.js';
import { observeLabs } from './list.js';
import { chooseManagementSubnet } from './management-subnet.js';
import { storageServers } from './storage-servers.js';

/**
 * The lab's state on disk if there is one, else a fresh one, written before anything is made.
 * @throws VxmigError CLASH where the lab is up with other hosts or another underlay
 */
export async function openState(topology: Topology): Promise<LabStateStore> {
  const found = await readLabState(topology.name);
  if (found !== null) {
    if (buildingPlan(found.topology) !== buildingPlan(topology)) {
      throw new VxmigError(
        'CLASH',
        `The lab "${topology.name}" is up with other hosts, another underlay or other storage servers.`,
        {
          hint: `\`vxmig lab down ${topology.name}\`, then up again; or give the topology another name.`,
          where: topology.name,
        },
      );
    }
    return new LabStateStore({ ...found, topology, libvirt: found.libvirt || topology.vms.length > 0 });
  }
  // Two labs that start at the same time must not choose the same management segment.
  return withMachineLock(async () => {
    const store = new LabStateStore(await planState(topology));
    await store.save();
    return store;
  });
}

/** What of a topology the lab is built from; VMs and overlay networks may change while it is up. */
function buildingPlan(topology: Topology): string {
  const { underlay, hosts } = topology;
  const servers = storageServers(topology);
  return JSON.stringify([
    underlay,
    servers,
    hosts.map(({ name, underlay, addresses }) => ({ name, underlay, addresses })),
  ]);
}

async function planState(topology: Topology): Promise<LabState> {
  const others = (await observeLabs()).map((state) => state.management.cidr);
  const subnet = chooseManagementSubnet(topology, [...others, ...(await observeUsedPrefixes())]);
  const servers = storageServers(topology);
  const planned = { phase: 'planned', pid: null, startedAt: null } as const;
  const hosts = topology.hosts.map(
    (host, index): LabHostState => ({
      ...planned,
      name: host.name,
      managementAddress: subnet.hostAddresses[index] ?? '',
      managementPort: managementPort(topology.name, index),
      hostKey: '',
    }),
  );
  const { cidr, prefixLength, controllerAddress } = subnet;
  return {
    version: 1,
    name: topology.name,
    createdAt: new Date().toISOString(),
    phase: 'starting',
    topology,
    libvirt: topology.vms.length > 0,
    management: { cidr, prefixLength, controllerAddress, bridge: managementBridge(topology.name) },
    limits: limitsFor(topology.hosts.length + servers.length + 1, {
      memoryBytes: totalmem(),
      canBoundProcesses: (await groupWarnings()).length === 0,
    }),
    router: { ...planned, name: ROUTER },
    storageServers: servers.map(({ name }) => ({ ...planned, name })),
    hosts,
    warnings: [],
  };
}
