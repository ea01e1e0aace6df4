import { readDomain } from '../compute/libvirt/virsh-list.js';
import { readJobStats } from '../compute/libvirt/virsh-migrate.js';
import type { Controller } from '../controller/controller.js';
import { libvirtUriOf } from '../controller/host-address.js';
import { parseJobStats } from '../measure/jobinfo.js';
import { CommandError } from '../model/errors.js';
import type { Topology } from '../model/topology.js';
import { Placement } from '../placement/placement.js';
import { hostOf, vtepOf } from '../plan/topology-parts.js';
import type { MeasuredRun } from './measured-run.js';
import { seenBy, watched, watchingProbes } from './watch.js';

export interface PlainMove {
  /** The topology with the VM where it is. */
  readonly current: Topology;
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  readonly signal: AbortSignal;
}

/**
 * One `virsh migrate` with nothing of vxmig's around it but the network, which is made ready beforehand and put right
 * afterwards, both outside the time that is measured.
 * @throws CommandError, VxmigError HOST_UNFIT where the guest does not answer beforehand
 */
export async function plainMigrate(controller: Controller, move: PlainMove): Promise<MeasuredRun> {
  const { current, vm, from, to, signal } = move;
  const destination = controller.session(to);
  const placement = new Placement(current);
  placement.depart(vm, { from, to });
  await controller.network.converge(to, () => placement.viewOf(to));
  try {
    const { result, pings, record } = await watched(
      controller,
      { probes: watchingProbes(current, vm), domain: vm, to, signal },
      async () => await virshMigrate(controller, { domain: vm, from, to, signal }),
    );
    const downtimeMs = await downtimeOf(controller, to, vm);
    return {
      run: {
        tool: 'virsh',
        from,
        to,
        wallMs: result,
        downtimeMs,
        ...seenBy(pings, record),
        convergedAfterResumeMs: null,
        stages: [],
      },
      record,
    };
  } finally {
    const place = (await readDomain(destination.shell, vm))?.state === 'running' ? to : from;
    if (place === to) placement.settle(vm);
    else placement.stay(vm);
    await Promise.all([from, to].map((end) => controller.network.converge(end, () => placement.viewOf(end))));
  }
}

/** QEMU's own figure of the migration that brought the domain to that host. */
export async function downtimeOf(controller: Controller, host: string, domain: string): Promise<number | null> {
  const stats = await readJobStats(controller.session(host).shell, domain, 'completed');
  return parseJobStats(stats)?.downtimeMs ?? null;
}

export interface VirshMove {
  readonly domain: string;
  readonly from: string;
  readonly to: string;
  readonly signal: AbortSignal;
}

/** What people type: virsh drives the migration itself, for which vxmig has libvirt's daemons talk to each other. */
export function virshArgv(controller: Controller, { domain, to }: Pick<VirshMove, 'domain' | 'to'>): string[] {
  const host = hostOf(controller.topology, to);
  const address = vtepOf(host);
  const target = `tcp://${address.includes(':') ? `[${address}]` : address}`;
  const flags = ['--live', '--persistent', '--undefinesource'];
  return [
    'virsh',
    '-q',
    '-c',
    'qemu:///system',
    'migrate',
    ...flags,
    '--domain',
    domain,
    '--desturi',
    libvirtUriOf(host),
    '--migrateuri',
    target,
  ];
}

/**
 * Over a connection that is there already: nothing but virsh's own time counts, in milliseconds.
 * @throws CommandError
 */
export async function virshMigrate(controller: Controller, move: VirshMove): Promise<number> {
  const argv = virshArgv(controller, move);
  const startedAtMs = performance.now();
  const command = await controller.session(move.from).shell.follow(argv, 'TERM');
  const stop = () => void command.stop();
  move.signal.addEventListener('abort', stop, { once: true });
  const { exitCode, stderr } = await command.ended;
  const wallMs = performance.now() - startedAtMs;
  move.signal.removeEventListener('abort', stop);
  move.signal.throwIfAborted();
  if (exitCode !== 0) throw new CommandError(move.from, argv, exitCode, stderr);
  return Math.round(wallMs * 10) / 10;
}
