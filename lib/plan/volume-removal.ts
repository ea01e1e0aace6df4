import { isOnServer } from '../model/storage.js';
import type { Topology } from '../model/topology.js';
import type { VolumeRemoval } from '../model/volume-step.js';
import { placeText } from '../storage/place-text.js';
import { volumesOfOneHost } from './disk-xml.js';
import type { VmPlan } from './host-plan.js';
import type { ObservedHost } from './observed.js';

type Seeing = Pick<ObservedHost, 'host' | 'volumes'>;

/** Images that vxmig has made for the topology, by host; one that several see is the affair of the first. */
export function madeFor(topology: Topology, hosts: readonly Seeing[]): ReadonlyMap<string, readonly VolumeRemoval[]> {
  const taken = new Set<string>();
  const ofOneHost = placesOfOneHost(topology);
  return new Map(
    hosts.map((seen) => {
      const own = ownVolumes(topology.name, seen).filter(({ place }) => !taken.has(place));
      for (const { place } of own) if (!ofOneHost.has(place)) taken.add(place);
      return [seen.host, own];
    }),
  );
}

/**
 * Those that an apply has made which did not come to its end: nothing can be in them that was there before. What lies
 * on a server stays, whole and marked, for the next one: no host can remove it there.
 */
export function madeBy({ volumes: steps }: Pick<VmPlan, 'volumes'>, topology: string, now: Seeing): VolumeRemoval[] {
  return ownVolumes(topology, now).filter(
    ({ place }) => !isOnServer(place) && steps.some((step) => step.place === place),
  );
}

/** Where each host has an image of its own. */
function placesOfOneHost(topology: Topology): ReadonlySet<string> {
  const own = topology.vms.flatMap((vm) => volumesOfOneHost(topology, vm));
  return new Set(own.map(({ place }) => placeText(place)));
}

function ownVolumes(topology: string, { volumes }: Seeing): VolumeRemoval[] {
  return volumes.flatMap(({ place, image, mark }) =>
    mark?.topology === topology && image.kind !== 'absent' ? [{ place, mark }] : [],
  );
}
