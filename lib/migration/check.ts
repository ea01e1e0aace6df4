import { VxmigError } from '../model/errors.js';
import { joined } from '../model/joined-errors.js';
import { macClash } from '../plan/mac-rival.js';
import type { Run } from './migration.js';
import { firstReply } from './probes.js';
import { refuseUnsettled } from './standing.js';
import { type Sighting, whereIs } from './whereabouts.js';

const FIRST_REPLY_TIMEOUT_MS = 15_000;

/** How the VM stands before anything is changed. */
export interface Checked {
  /** By which the VM is the same one wherever it is seen. */
  readonly id: string;
  /** It starts with its host. */
  readonly startsWithHost: boolean;
  /** The guest's own memory in bytes; null: not known. */
  readonly memoryBytes: number | null;
  /** MACs of NICs whose link is down: no ping of theirs is answered, or lost. */
  readonly unlinkedMacs: readonly string[];
}

/**
 * Whether the VM stands as a move needs it, is alive, and by how much the hosts' clocks differ.
 *
 * @param foreseen what else is in its way, as both ends say; it is waited for where the VM cannot move anyway. null:
 *   nothing is, or nobody can tell
 */
export async function check(run: Run, foreseen: () => Promise<VxmigError | null>): Promise<Checked> {
  const { domain, destination, hosts, vm, topology, clocks } = run;
  const [places, offsets, rival] = await Promise.all([
    whereIs(domain, hosts),
    Promise.all(hosts.map(async ({ name, observer }) => [name, await observer.measureClock()] as const)),
    destination.vms.macRival(vm),
  ]);
  for (const [host, offset] of offsets) clocks.set(host, offset);
  const { seen } = await settled(run, places, foreseen);
  if (rival !== null) throw macClash(vm, destination.name, rival);
  run.probes.leave(vm.name, seen.unlinkedMacs, topology);
  await guestAnswers(run);
  const { id, startsWithHost, memoryBytes, unlinkedMacs } = seen;
  return { id, startsWithHost, memoryBytes, unlinkedMacs };
}

/** What keeps it is told together with what is in its way, so that nobody mends the one and then hears of the other. */
async function settled(
  run: Run,
  places: readonly Sighting[],
  foreseen: () => Promise<VxmigError | null>,
): Promise<Sighting> {
  try {
    return refuseUnsettled(run, places);
  } catch (error) {
    throw error instanceof VxmigError ? (joined([error, await foreseen()]) ?? error) : error;
  }
}

/** A guest that does not answer before the migration would make every figure of it meaningless. */
async function guestAnswers({ probes, signal }: Run): Promise<void> {
  await Promise.all(
    probes.all.map(async (probe) => {
      // A guest's pings are read at the end; that it answered when it was asked to ping shows that it lives.
      if (probe.guest !== null) return;
      if (await firstReply(probe, FIRST_REPLY_TIMEOUT_MS, signal)) return;
      throw new VxmigError(
        'HOST_UNFIT',
        `the VM ${probe.to} (${probe.address}) does not answer pings from ${probe.from}`,
        {
          where: probe.from,
          hint:
            '`vxmig verify FILE` tells where the way is broken; the guest’s serial console is in ' +
            '/var/log/libvirt/qemu on its host.',
        },
      );
    }),
  );
}
