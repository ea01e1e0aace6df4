import { VxmigError } from '../model/errors.js';
import { formatBytes } from '../model/quantities.js';
import { macClash } from '../plan/mac-rival.js';
import type { MigrationContext } from './context.js';
import { firstReply } from './probes.js';
import { refuseUnsettled } from './standing.js';
import { leaveUnlinked, unlinkedMacs } from './unlinked.js';
import { whereIs } from './whereabouts.js';

const FIRST_REPLY_TIMEOUT_MS = 15_000;

/** Both ends are asked whether the migration can work, before anything is changed. */
export async function check(context: MigrationContext): Promise<void> {
  const { domain, source, destination, hosts } = context;
  const [places, clocks, memory, rival, outlook] = await Promise.all([
    whereIs(domain, hosts),
    Promise.all(hosts.map(async (host) => [host.name, await host.measureClock()] as const)),
    destination.availableMemoryBytes(),
    destination.macRival(context.vm),
    context.lookAhead(),
  ]);
  context.clocks = new Map(clocks);
  refuseUnsettled(context, places);
  context.autostart = places.some(({ host, seen }) => host === source.name && seen.autostart === true);
  if (rival !== null) throw macClash(context.vm, destination.name, rival);
  if (outlook === null) {
    throw new VxmigError('HOST_UNFIT', `libvirt on ${source.name} does not know ${domain} any more`, {
      where: source.name,
      hint: 'It may have been stopped this moment: `vxmig status FILE` shows where it is.',
    });
  }
  if (outlook.obstacle !== null) throw outlook.obstacle;
  context.storage = outlook.storage;
  if (memory < outlook.neededBytes) {
    throw new VxmigError(
      'HOST_UNFIT',
      `${destination.name} has ${formatBytes(memory)} of memory free, the VM needs ${formatBytes(outlook.neededBytes)} (${formatBytes(outlook.guestBytes)}, and what QEMU takes for itself)`,
      { where: destination.name, hint: 'Free memory there, or choose another host.' },
    );
  }
  const seen = await source.domain(domain);
  context.domainXml = seen?.xml ?? '';
  context.unlinked = unlinkedMacs(seen?.live ?? context.domainXml);
  leaveUnlinked(context);
  const cpu = await destination.cpuProblem(outlook.cpuXml);
  if (cpu !== null) {
    throw new VxmigError('HOST_UNFIT', `${destination.name} cannot run the VM's CPU: ${cpu}`, {
      where: destination.name,
      hint: 'Give the VM a CPU model that both hosts have (`virsh hypervisor-cpu-baseline`).',
    });
  }
  await guestAnswers(context);
}

/** A guest that does not answer before the migration would make every figure of it meaningless. */
async function guestAnswers(context: MigrationContext): Promise<void> {
  await Promise.all(
    context.probes.map(async (probe) => {
      // A guest's pings are read at the end; that it answered when it was asked to ping shows that it lives.
      if (probe.guest !== null) return;
      if (await firstReply(probe, FIRST_REPLY_TIMEOUT_MS, context.signal)) return;
      throw new VxmigError(
        'HOST_UNFIT',
        `the VM ${probe.to} (${probe.address}) does not answer pings from ${probe.from}`,
        {
          where: probe.from,
          hint: '`vxmig verify FILE` tells where the way is broken; the guest’s serial console is in /var/log/libvirt/qemu on its host.',
        },
      );
    }),
  );
}
