import { setTimeout as sleep } from 'node:timers/promises';
import { settledMove } from '../measure/table-moves.js';
import { VxmigError } from '../model/errors.js';
import type { HostConvergence } from '../model/migration-result.js';
import {
  type Astray,
  fdbKey,
  type HostProof,
  type MigrationContext,
  probeOffsetMs,
  type RunningProbe,
} from './context.js';
import { takeLatecomers } from './moving.js';
import { isProven, proveAll } from './proof.js';
import { readQueues } from './queues.js';
import { repair } from './repair.js';
import { closeRedirects } from './stand-by.js';
import { until } from './until.js';

/** After the resume. All rounds of announcements are over by then, so a host that has not learned will not by itself. */
const REPAIR_AFTER_MS = 1_000;
const REPAIR_AGAIN_MS = 1_500;
const GIVE_UP_AFTER_MS = 6_000;
const RETRY_MS = 100;
const SILENCE_MS = 10_000;

/**
 * Every host's forwarding table points to the new place, its switch shows that a frame for the VM leaves towards there, and every probe has
 * had an answer from there. A host that has not learned by itself is made to.
 */
export async function verify(context: MigrationContext): Promise<void> {
  let wrong = (await context.arrival?.settled) ?? [];
  context.queuesAfter = readQueues(context);
  if (wrong.length === 0 && movedAgain(context)) wrong = await settle(context);
  if (wrong.length > 0) {
    const list = wrong.map(({ host, network, found }) => `${host} (${network}): ${found}`);
    const tried = context.repairs.length === 0 ? '' : ' It was made to learn anew, in vain.';
    throw new VxmigError(
      'NOT_CONVERGED',
      `the VM runs on ${context.destination.name}, but not every host sends to it. ${list.join('; ')}.${tried}`,
      { where: wrong.map(({ host }) => host).join(', ') },
    );
  }
  const silent = await silentProbes(context, SILENCE_MS);
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

/** Whether a table has been seen to change since it was found right. */
function movedAgain({ convergence: tables, fdbMoves }: MigrationContext): boolean {
  return tables.some(({ host, network, mac, expected }) => {
    const last = fdbMoves.get(fdbKey(host, network, mac))?.at(-1);
    return last !== undefined && last.place !== expected;
  });
}

/** Looks, and repairs, until all is well or the time is over; resolves to what is still wrong. It begins at the guest's arrival. */
export async function settle(context: MigrationContext): Promise<Astray[]> {
  takeLatecomers(context);
  const since = context.resumedAtMs ?? Date.now();
  let repairAtMs = since + REPAIR_AFTER_MS;
  // At least one repair is given its time.
  const deadlineMs = Math.max(since + GIVE_UP_AFTER_MS, Date.now() + REPAIR_AGAIN_MS);
  for (;;) {
    const wrong = await astray(context);
    if (wrong.length === 0 || Date.now() >= deadlineMs) return wrong;
    if (Date.now() >= repairAtMs) {
      await repair(context, wrong);
      repairAtMs = Date.now() + REPAIR_AGAIN_MS;
    }
    await sleep(RETRY_MS);
  }
}

/** Who does not send to the new place: first by the tables, and where these are right by what the switches do with a frame. */
async function astray(context: MigrationContext): Promise<Astray[]> {
  const tables = await convergence(context);
  context.convergence = tables;
  const stale = tables.filter((entry) => entry.seen !== entry.expected);
  if (stale.length > 0) {
    return stale.map(({ seen, ...entry }) => ({
      ...entry,
      found: `its table has ${entry.mac} at ${seen ?? 'no place'}`,
    }));
  }
  // With the tables right the redirect is not needed any more, and it would answer in their place.
  await closeRedirects(context);
  context.proofs = await proveAll(context);
  return context.proofs
    .filter((proof) => !isProven(proof))
    .map((proof) => ({ host: proof.host, network: proof.network, mac: proof.mac, found: foundBy(proof) }));
}

function foundBy({ mac, traces }: HostProof): string {
  const wrong = traces.find((trace) => !trace.ok);
  return `a frame for ${mac} that comes in by ${wrong?.from}: ${wrong?.problem}`;
}

async function convergence(context: MigrationContext): Promise<HostConvergence[]> {
  const { hosts, macs, resumedAtMs } = context;
  const networks = [...new Set(macs.map(({ network }) => network))];
  const tables = networks.flatMap((network) =>
    hosts.map((host) => ({ network, host: host.name, table: host.fdb(network) })),
  );
  const rows = tables.map(async ({ network, host, table }) => {
    const entries = await table;
    return macs
      .filter((one) => one.network === network)
      .map(({ mac }): HostConvergence => {
        const seen = entries.find((entry) => entry.mac === mac)?.place ?? null;
        const expected = context.expectedPlace(host, network);
        const moved = settledMove(context.fdbMoves.get(fdbKey(host, network, mac)) ?? [], seen);
        const known = moved !== null && resumedAtMs !== null;
        const after = known ? afterResume(moved - resumedAtMs) : null;
        return { host, network, mac, expected, seen, afterResumeMs: context.staysPut(host, network) ? 0 : after };
      });
  });
  return (await Promise.all(rows)).flat();
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
