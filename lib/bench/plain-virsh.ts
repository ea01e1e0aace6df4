import type { Controller } from '../controller/controller.js';
import { libvirtUriOf } from '../controller/host-address.js';
import { parseJobStats } from '../measure/jobinfo.js';
import { measurePing, PATIENCE_MS } from '../measure/ping.js';
import { unansweredOf } from '../measure/unanswered.js';
import type { RunningProbe } from '../migration/context.js';
import type { Follower } from '../migration/needs.js';
import { firstReply, probesOf } from '../migration/probes.js';
import { until } from '../migration/until.js';
import { CommandError, VxmigError } from '../model/errors.js';
import type { PingFigures } from '../model/migration-result.js';
import type { Topology } from '../model/topology.js';
import { hostOf, vtepOf } from '../plan/desired.js';
import { withVmsAt } from '../plan/plan.js';
import type { MigrateRun } from './result.js';

const FIRST_REPLY_TIMEOUT_MS = 15_000;
/** QEMU announces the guest for 0.8 s after the resume: until then plain virsh may still lose pings. */
const AFTERMATH_MS = 1_000;

export interface PlainMove {
  /** The topology with the VM where it is. */
  readonly current: Topology;
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  readonly signal: AbortSignal;
}

/**
 * One `virsh migrate` with nothing of vxmig's around it but the network, which is made ready beforehand and put right afterwards,
 * both outside the time that is measured. The same probes watch as with vxmig, and the same code judges what they saw.
 * @throws CommandError, VxmigError HOST_UNFIT where the guest does not answer beforehand
 */
export async function plainMigrate(controller: Controller, move: PlainMove): Promise<MigrateRun> {
  const { current, vm, from, to, signal } = move;
  const host = (name: string) => controller.migrationHost(name, current);
  const [source, destination] = [host(from), host(to)];
  await destination.converge({ topology: current, incoming: [vm] });
  const probes = probesOf(current, host).filter((probe) => probe.guest === null);
  const followers: Follower[] = [];
  try {
    followers.push(...(await startAll(probes, signal)));
    const startMs = Date.now();
    const wallMs = await virshMigrate(controller, move);
    await until(() => false, AFTERMATH_MS);
    const endMs = Date.now();
    await until(() => probes.every((probe) => answered(probe, startMs, endMs)), PATIENCE_MS + 100);
    const pings = probes.map((probe) => measurePing(probe.events, { ...probe, startMs, endMs }).figures);
    const stats = parseJobStats(await destination.jobStats(vm, 'completed'));
    return { tool: 'virsh', from, to, wallMs, downtimeMs: stats?.downtimeMs ?? null, ...pingTotals(pings), stages: [] };
  } finally {
    await Promise.allSettled(followers.map((follower) => follower.stop()));
    const place = (await destination.domain(vm))?.state === 'running' ? to : from;
    const topology = withVmsAt(current, [[vm, place]]);
    await Promise.all([source, destination].map((end) => end.converge({ topology, incoming: [] })));
  }
}

/** Of several probes: all requests together, and the worst gap. */
export function pingTotals(
  pings: readonly PingFigures[],
): Pick<MigrateRun, 'pingsSent' | 'pingsLost' | 'longestGapMs'> {
  const gaps = pings.flatMap((ping) => ping.longestGapMs ?? []);
  return {
    pingsSent: pings.reduce((sum, ping) => sum + ping.sent, 0),
    pingsLost: pings.reduce((sum, ping) => sum + ping.lost, 0),
    longestGapMs: gaps.length === 0 ? null : Math.max(...gaps),
  };
}

/** What plain virsh is asked to do: the flags that vxmig gives it too. */
export function virshArgv(controller: Controller, { vm, to }: Pick<PlainMove, 'vm' | 'to'>): string[] {
  const host = hostOf(controller.topology, to);
  const address = vtepOf(host);
  const target = `tcp://${address.includes(':') ? `[${address}]` : address}`;
  const flags = ['--live', '--persistent', '--undefinesource', '--unsafe'];
  return [
    'virsh',
    '-q',
    '-c',
    'qemu:///system',
    'migrate',
    ...flags,
    '--domain',
    vm,
    '--desturi',
    libvirtUriOf(host),
    '--migrateuri',
    target,
  ];
}

/** Over a connection that is there already: nothing but virsh's own time counts. */
async function virshMigrate(controller: Controller, move: PlainMove): Promise<number> {
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

async function startAll(probes: readonly RunningProbe[], signal: AbortSignal): Promise<Follower[]> {
  const followers = await Promise.all(
    probes.map((probe) => probe.host.followPing(probe, (event) => probe.events.push(event))),
  );
  const answers = await Promise.all(probes.map((probe) => firstReply(probe, FIRST_REPLY_TIMEOUT_MS, signal)));
  const silent = probes.find((_, index) => !answers[index]);
  if (silent === undefined) return followers;
  await Promise.allSettled(followers.map((follower) => follower.stop()));
  throw new VxmigError(
    'HOST_UNFIT',
    `the VM ${silent.to} (${silent.address}) does not answer pings from ${silent.from}`,
    {
      where: silent.from,
    },
  );
}

/** A lab has one clock for all, so that no offset is taken off here. */
function answered(probe: RunningProbe, startMs: number, endMs: number): boolean {
  return unansweredOf(probe.events, probe.intervalMs, { startMs, endMs }) === 0;
}
