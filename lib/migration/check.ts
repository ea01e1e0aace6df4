import type { StorageProof } from '../model/disk.js';
import { VxmigError } from '../model/errors.js';
import { joined } from '../model/joined-errors.js';
import { formatBytes } from '../model/quantities.js';
import { macClash } from '../plan/mac-rival.js';
import type { Outlook, Run } from './migration.js';
import { firstReply } from './probes.js';
import { refuseUnsettled } from './standing.js';
import { type Sighting, whereIs } from './whereabouts.js';

const FIRST_REPLY_TIMEOUT_MS = 15_000;

/** What both ends have said before anything was changed. */
export interface Checked {
  /** By which the VM is the same one wherever it is seen. */
  readonly id: string;
  /** It starts with its host. */
  readonly startsWithHost: boolean;
  /** The guest's own memory in bytes; null: not known. */
  readonly memoryBytes: number | null;
  /** MACs of NICs whose link is down: no ping of theirs is answered, or lost. */
  readonly unlinkedMacs: readonly string[];
  readonly storage: StorageProof;
}

/** Both ends are asked whether the migration can work, before anything is changed. */
export async function check(run: Run): Promise<Checked> {
  const { domain, source, destination, hosts, vm, topology, clocks } = run;
  const [places, offsets, memory, rival, outlook] = await Promise.all([
    whereIs(domain, hosts),
    Promise.all(hosts.map(async ({ name, observer }) => [name, await observer.measureClock()] as const)),
    destination.vms.availableMemoryBytes(),
    destination.vms.macRival(vm),
    run.lookAhead(),
  ]);
  for (const [host, offset] of offsets) clocks.set(host, offset);
  const { seen } = settled(run, places, outlook);
  if (rival !== null) throw macClash(vm, destination.name, rival);
  if (outlook === null) {
    throw new VxmigError('HOST_UNFIT', `the driver on ${source.name} does not know ${domain} any more`, {
      where: source.name,
      hint: 'It may have been stopped this moment: `vxmig status FILE` shows where it is.',
    });
  }
  if (outlook.obstacle !== null || outlook.storage === null) throw outlook.obstacle ?? new Error('no storage proven');
  refuseTooLittleMemory(run, memory, outlook);
  for (const remark of outlook.remarks) run.journal.warn(remark);
  run.probes.leave(vm.name, seen.unlinkedMacs, topology);
  const cpu = await outlook.cpuProblem();
  if (cpu !== null) {
    throw new VxmigError('HOST_UNFIT', `${destination.name} cannot run the VM's CPU: ${cpu}`, {
      where: destination.name,
      hint: 'Give the VM a CPU model that both hosts have (`virsh hypervisor-cpu-baseline`).',
    });
  }
  await guestAnswers(run);
  const { id, startsWithHost, memoryBytes, unlinkedMacs } = seen;
  return { id, startsWithHost, memoryBytes, unlinkedMacs, storage: outlook.storage };
}

/** What keeps it is told together with what is in its way, so that nobody mends the one and then hears of the other. */
function settled(run: Run, places: readonly Sighting[], outlook: Outlook | null): Sighting {
  try {
    return refuseUnsettled(run, places);
  } catch (error) {
    throw error instanceof VxmigError ? (joined([error, outlook?.obstacle ?? null]) ?? error) : error;
  }
}

/** VMs that come at the same time have been promised theirs. */
function refuseTooLittleMemory({ destination, placement, vm }: Run, freeBytes: number, outlook: Outlook): void {
  const { neededBytes, guestBytes } = outlook;
  const promisedBytes = placement.promisedBytes(destination.name, vm.name);
  placement.carry(vm.name, { neededBytes });
  if (freeBytes - promisedBytes >= neededBytes) return;
  const promised =
    promisedBytes === 0 ? '' : `, of which ${formatBytes(promisedBytes)} are for VMs that come at the same time`;
  const [needs, guest] = [formatBytes(neededBytes), formatBytes(guestBytes)];
  throw new VxmigError(
    'HOST_UNFIT',
    `${destination.name} has ${formatBytes(freeBytes)} of memory free${promised}, the VM needs ${needs} ` +
      `(${guest}, and what QEMU takes for itself)`,
    {
      where: destination.name,
      hint:
        promisedBytes === 0
          ? 'Free memory there, or choose another host.'
          : 'Move one after the other (`--parallel 1`), free memory there, or choose another host.',
    },
  );
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
