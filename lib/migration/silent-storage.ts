import { DriverError } from '../compute/driver-error.js';
import { VxmigError } from '../model/errors.js';
import type { Topology, Vm } from '../model/topology.js';
import type { StagesOutcome } from './outcome.js';

/**
 * Where a hypervisor has gone silent in the middle, the storage server of its disks is named: one that does not answer
 * does that, and nothing else on the hosts tells of it.
 */
export function namingStorage(
  { topology, vm }: { readonly topology: Pick<Topology, 'storage'>; readonly vm: Pick<Vm, 'disks'> },
  outcome: StagesOutcome,
): StagesOutcome {
  const { error } = outcome;
  const used = topology.storage.filter(({ name }) => vm.disks.some(({ storage }) => storage === name));
  const served = used.filter(({ server }) => server !== null).map(({ name, server }) => `${name} (${server})`);
  if (error === null || served.length === 0 || !isOfSilence(error)) return outcome;
  const message = `${error.message}; its disks are in the storage ${served.join(' and ')}: does that answer its hosts?`;
  const { hint, where } = error;
  return {
    ...outcome,
    error: new VxmigError(error.code, message, { hint, cause: error, ...(where === undefined ? {} : { where }) }),
  };
}

function isOfSilence(error: unknown): boolean {
  if (error instanceof DriverError) return error.kind === 'silent';
  return error instanceof Error && error.cause !== undefined && isOfSilence(error.cause);
}
