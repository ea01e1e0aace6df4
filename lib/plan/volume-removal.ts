import { isOnServer } from '../model/storage.js';
import type { VolumeRemoval } from '../model/volume-step.js';
import type { VmPlan } from './host-plan.js';
import type { ObservedHost } from './observed.js';

type Seeing = Pick<ObservedHost, 'host' | 'volumes'>;

/** Images that vxmig has made for the topology, by host; one that several see is the affair of the first. */
export function madeFor(topology: string, hosts: readonly Seeing[]): ReadonlyMap<string, readonly VolumeRemoval[]> {
  const taken = new Set<string>();
  return new Map(
    hosts.map((seen) => {
      const own = ownVolumes(topology, seen).filter(({ place }) => !taken.has(place));
      for (const { place } of own) taken.add(place);
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

function ownVolumes(topology: string, { volumes }: Seeing): VolumeRemoval[] {
  return volumes.flatMap(({ place, image, mark }) =>
    mark?.topology === topology && image.kind !== 'absent' ? [{ place, mark }] : [],
  );
}
