import { observeDomains } from '../compute/libvirt/domains.js';
import type { HostShell } from '../host/connection.js';
import { observeMounts } from '../host/mounts.js';
import { observeVolumes } from '../host/volume-sight.js';
import { marksOf } from '../model/domain-marks.js';
import { isMounted, type MountSight, type MountStep, NO_MOUNTS, pointAt } from '../model/mount.js';
import { bridgeName } from '../model/names.js';
import type { Topology } from '../model/topology.js';
import type { VolumeSight } from '../model/volume-sight.js';
import { observeKernel } from '../network/ovs/observe-kernel.js';
import { dumpFlows } from '../network/ovs/openflow.js';
import type { OvsDatabase } from '../network/ovs/ovs-database.js';
import { seedDirectory, volumesOf } from '../plan/disk-xml.js';
import { mountsOf } from '../plan/mount-plan.js';
import type { ObservedHost } from '../plan/observed.js';
import { ownedBy } from '../plan/ownership.js';
import { placeText } from '../storage/place-text.js';

/** What of the topology every look at a host needs to know. */
export interface Expected {
  /** Their flows are then read together with the rest. */
  readonly bridges: readonly string[];
  /** Where the topology has no VMs a host need not have libvirt. */
  readonly hasVms: boolean;
  /** Places of images that VMs have, or are to have. */
  readonly volumes: readonly string[];
  /** What each host is to have mounted. */
  readonly mounts: readonly MountStep[];
}

/** A host as a look at it needs it. */
interface ObservableHost {
  readonly name: string;
  readonly shell: HostShell;
  readonly ovs: Pick<OvsDatabase, 'read'>;
}

export function expectedOf(topology: Topology): Expected {
  const { name, networks, vms } = topology;
  return {
    bridges: networks.map((network) => bridgeName(name, network.name)),
    hasVms: vms.length > 0,
    volumes: vms.flatMap((vm) => volumesOf(topology, vm).map(({ place }) => placeText(place))),
    mounts: mountsOf(topology),
  };
}

/** Reads all that the plan looks at, in as few sessions as possible. Changes nothing. */
export async function observeHost(
  { name, shell, ovs }: ObservableHost,
  topology: string,
  { bridges, hasVms, volumes, mounts: wanted }: Expected,
): Promise<ObservedHost> {
  const reading = observeKernel(shell, seedDirectory(topology), bridges);
  const libvirtFiles = reading.then((kernel) => kernel.libvirtFiles);
  // Where libvirt answers nobody waits for them.
  libvirtFiles.catch(() => undefined);
  const [kernel, state, domains, images, mounts] = await Promise.all([
    reading,
    ovs.read(),
    observeDomains(shell, { hasVms, libvirtFiles }),
    observeVolumes(shell, volumes),
    reading.then(async ({ hasMounts }) =>
      hasMounts || wanted.length > 0
        ? await observeMounts(
            shell,
            topology,
            wanted.map(({ path }) => path),
          )
        : NO_MOUNTS,
    ),
  ]);
  // Bridges of networks that the topology no longer has.
  const others = state.bridges.filter(
    ({ name, externalIds }) => ownedBy(topology, externalIds) && !kernel.flows.has(name),
  );
  const flows = new Map([
    ...kernel.flows,
    ...(await dumpFlows(
      shell,
      others.map((bridge) => bridge.name),
    )),
  ]);
  return {
    host: name,
    ovsVersion: state.version,
    kernelDatapath: kernel.kernelDatapath,
    kvm: kernel.kvm,
    bridges: state.bridges.map((bridge) => ({ ...bridge, flows: flows.get(bridge.name) ?? [] })),
    links: kernel.links,
    routes: kernel.routes,
    switchAnswers: kernel.switchAnswers,
    switchRoutes: kernel.switchRoutes,
    namespaces: kernel.namespaces,
    domains: domains.map((domain) => ({ ...domain, ...marksOf(domain) })),
    volumes: images.map((image) => throughMounts(image, wanted, mounts)),
    mounts,
    seeds: kernel.seeds,
    startedLately: kernel.startedLately,
    nftTables: kernel.nftTables,
    sshAddress: kernel.sshAddress,
  };
}

/** Below a directory at which nothing is mounted yet is not what will be seen there. */
function throughMounts(sight: VolumeSight, wanted: readonly MountStep[], mounts: MountSight): VolumeSight {
  const step = wanted.find(({ path }) => sight.place.startsWith(`${path}/`));
  if (step === undefined || isMounted(step, pointAt(mounts, step.path))) return sight;
  return { ...sight, image: { kind: 'unmounted' }, mark: null, freeBytes: null };
}
