import { setTimeout as sleep } from 'node:timers/promises';
import { VxmigError } from '../model/errors.js';
import type { HostConvergence } from '../model/migration-result.js';
import { fdbKey, type MigrationContext, probeOffsetMs, type RunningProbe } from './context.js';
import { until } from './until.js';

const CONVERGENCE_TIMEOUT_MS = 10_000;
const RETRY_MS = 100;

/** Every host's forwarding table points to the new place, and every probe has had an answer from there. */
export async function verify(context: MigrationContext): Promise<void> {
  const deadline = performance.now() + CONVERGENCE_TIMEOUT_MS;
  let hosts = await convergence(context);
  while (hosts.some((entry) => entry.seen !== entry.expected) && performance.now() < deadline) {
    await sleep(RETRY_MS);
    hosts = await convergence(context);
  }
  context.convergence = hosts;
  const wrong = hosts.filter((entry) => entry.seen !== entry.expected);
  if (wrong.length > 0) {
    const list = wrong.map(
      (entry) => `${entry.host} (${entry.network}) has ${entry.mac} at ${entry.seen ?? 'no place'}`,
    );
    throw new VxmigError('NOT_CONVERGED', `the VM runs on ${context.destination.name}, but ${list.join(', ')}`, {
      where: context.vm.name,
    });
  }
  const silent = await silentProbes(context, Math.max(1000, deadline - performance.now()));
  if (silent.length > 0) {
    const list = silent.map((probe) => `${probe.from} (${probe.address})`);
    throw new VxmigError(
      'NOT_CONVERGED',
      `no answer from the VM at ${context.destination.name} to ${list.join(', ')}`,
      {
        where: context.vm.name,
        hint: 'Look at the guest’s serial console at the destination: does it still run?',
      },
    );
  }
}

async function convergence(context: MigrationContext): Promise<HostConvergence[]> {
  const { hosts, vm, resumedAtMs } = context;
  return await Promise.all(
    vm.nics.flatMap((nic) =>
      hosts.map(async (host): Promise<HostConvergence> => {
        const seen = await host.fdbPlace(nic.network, nic.mac);
        const moves = context.fdbMoves.get(fdbKey(host.name, nic.network, nic.mac)) ?? [];
        // The last change counts: a table that went back and forth has converged only then.
        const moved = moves.at(-1);
        const known = moved !== undefined && resumedAtMs !== null && moved.place === seen;
        return {
          host: host.name,
          network: nic.network,
          mac: nic.mac,
          expected: context.expectedPlace(host.name, nic.network),
          seen,
          afterResumeMs: context.staysPut(host.name, nic.network)
            ? 0
            : known
              ? afterResume(moved.atMs - resumedAtMs)
              : null,
        };
      }),
    ),
  );
}

/** Probes that got no reply to a request sent after the guest ran at the destination: table entries alone prove nothing. */
async function silentProbes(context: MigrationContext, timeoutMs: number): Promise<RunningProbe[]> {
  const since = context.resumedAtMs ?? Date.now();
  const answered = (probe: RunningProbe) =>
    probe.events.some((event) => {
      if (event.kind !== 'reply') return false;
      return event.repliedAtMs - event.rttMs - probeOffsetMs(context, probe) > since;
    });
  // Only those that watch this VM, and whose replies are seen as they come.
  const watching = context.probes.filter((probe) => probe.guest === null && probe.to === context.vm.name);
  await until(() => watching.every(answered), timeoutMs);
  return watching.filter((probe) => !answered(probe));
}

/** In whole milliseconds, as ovs-ofctl stamps them: a table seen to move in the millisecond of the resume moved at 0. */
function afterResume(ms: number): number {
  const rounded = Math.round(ms);
  return rounded === -1 ? 0 : rounded + 0;
}
