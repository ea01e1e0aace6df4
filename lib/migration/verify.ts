import { setTimeout as sleep } from 'node:timers/promises';
import { settledMove } from '../measure/table-moves.js';
import type { Repair } from '../model/certificate.js';
import { VxmigError } from '../model/errors.js';
import type { HostConvergence } from '../model/migration-result.js';
import type { Announcements } from './announce.js';
import { expectedAfter, type Run, staysPut } from './migration.js';
import { type HostProof, isProven, proveAll } from './proof.js';
import { type QueueReading, readQueues } from './queues.js';
import { repair, type Stray } from './repair.js';
import type { Reservation } from './reserve.js';
import type { RunningProbe } from './running-probe.js';
import { until } from './until.js';

/**
 * After the resume. All rounds of announcements are over by then, so a host that has not learned will not by itself.
 */
const REPAIR_AFTER_MS = 1_000;
const REPAIR_AGAIN_MS = 1_500;
const GIVE_UP_AFTER_MS = 6_000;
const RETRY_MS = 100;
const SILENCE_MS = 10_000;

/**
 * Looks whether every host sends to the VM's new place, and makes those learn that do not. What it has found so far can
 * be read at any time.
 */
export class Verification {
  #convergence: readonly HostConvergence[] = [];
  #proofs: readonly HostProof[] = [];
  #repairs: readonly Repair[] = [];
  #queuesAfter: Promise<QueueReading> | null = null;

  constructor(
    private readonly run: Run,
    private readonly reservation: Reservation,
    private readonly announcements: Announcements,
  ) {}

  get convergence(): readonly HostConvergence[] {
    return this.#convergence;
  }

  get proofs(): readonly HostProof[] {
    return this.#proofs;
  }

  get repairs(): readonly Repair[] {
    return this.#repairs;
  }

  /**
   * What the hosts' queues have dropped when all frames that waited have been answered; null: it has not come to that.
   */
  get queuesAfter(): Promise<QueueReading> | null {
    return this.#queuesAfter;
  }

  /** Looks, and repairs, until all is well or the time is over; resolves to what is still wrong. */
  async converge(): Promise<readonly Stray[]> {
    const { switchover } = this.run;
    this.reservation.moving.takeLatecomers();
    const since = switchover.state.resumedAtMs ?? Date.now();
    let repairAtMs = since + REPAIR_AFTER_MS;
    // At least one repair is given its time.
    const deadlineMs = Math.max(since + GIVE_UP_AFTER_MS, Date.now() + REPAIR_AGAIN_MS);
    for (;;) {
      const strays = await this.#strays();
      if (strays.length === 0 || Date.now() >= deadlineMs) {
        this.#queuesAfter ??= readQueues(this.run);
        return strays;
      }
      if (Date.now() >= repairAtMs) {
        const repaired = await repair(this.run, strays, this.reservation.moving, this.announcements);
        this.#repairs = [...this.#repairs, ...repaired];
        repairAtMs = Date.now() + REPAIR_AGAIN_MS;
      }
      await sleep(RETRY_MS);
    }
  }

  /**
   * The last look, when nothing moves any more: every host's forwarding table points to the new place, its switch shows
   * that a frame for the VM leaves towards there, and every probe has had an answer from there.
   *
   * @throws VxmigError NOT_CONVERGED
   */
  async conclude(found: readonly Stray[]): Promise<void> {
    const { destination, vm } = this.run;
    const strays = found.length === 0 && this.#hasMovedAgain() ? await this.converge() : found;
    if (strays.length > 0) {
      const list = strays.map((stray) => `${stray.host} (${stray.network}): ${stray.found}`);
      const tried = this.#repairs.length === 0 ? '' : ' It was made to learn anew, in vain.';
      throw new VxmigError(
        'NOT_CONVERGED',
        `the VM runs on ${destination.name}, but not every host sends to it. ${list.join('; ')}.${tried}`,
        { where: strays.map(({ host }) => host).join(', ') },
      );
    }
    const silent = await this.#silentProbes();
    if (silent.length === 0) return;
    const list = silent.map((probe) => `${probe.from} (${probe.address})`);
    throw new VxmigError('NOT_CONVERGED', `no answer from the VM at ${destination.name} to ${list.join(', ')}`, {
      where: vm.name,
      hint: 'Look at the guest’s serial console at the destination: does it still run?',
    });
  }

  /** Whether a table has been seen to change since it was found right. */
  #hasMovedAgain(): boolean {
    return this.#convergence.some(({ host, network, mac, expected }) => {
      const last = this.reservation.tables.moves(host, network, mac).at(-1);
      return last !== undefined && last.place !== expected;
    });
  }

  /**
   * Who does not send to the new place: first by the tables, and where these are right by what the switches do with a
   * frame.
   */
  async #strays(): Promise<Stray[]> {
    const tables = await this.#tables();
    this.#convergence = tables;
    const stale = tables.filter((entry) => entry.seen !== entry.expected);
    if (stale.length > 0) {
      return stale.map(({ host, network, mac, seen }) => ({
        host,
        network,
        mac,
        found: `its table has ${mac} at ${seen ?? 'no place'}`,
      }));
    }
    // With the tables right the redirect is not needed any more, and it would answer in their place.
    await this.reservation.redirects.close();
    this.#proofs = await proveAll(this.run, this.reservation.moving);
    return this.#proofs
      .filter((proof) => !isProven(proof))
      .map((proof) => ({ host: proof.host, network: proof.network, mac: proof.mac, found: foundBy(proof) }));
  }

  async #tables(): Promise<HostConvergence[]> {
    const { hosts, switchover } = this.run;
    const { macs } = this.reservation.moving;
    const { resumedAtMs } = switchover.state;
    const networks = [...new Set(macs.map(({ network }) => network))];
    const tables = networks.flatMap((network) =>
      hosts.map((host) => ({ network, host: host.name, table: host.path.fdb(network) })),
    );
    const rows = tables.map(async ({ network, host, table }) => {
      const entries = await table;
      return macs
        .filter((one) => one.network === network)
        .map(({ mac }): HostConvergence => {
          const seen = entries.find((entry) => entry.mac === mac)?.place ?? null;
          const expected = expectedAfter(this.run, host, network);
          const moved = settledMove(this.reservation.tables.moves(host, network, mac), seen);
          const known = moved !== null && resumedAtMs !== null;
          const after = known ? afterResume(moved - resumedAtMs) : null;
          const afterResumeMs = staysPut(this.run, host, network) ? 0 : after;
          return { host, network, mac, expected, seen, afterResumeMs };
        });
    });
    return (await Promise.all(rows)).flat();
  }

  /**
   * Probes that got no reply to a request sent after the guest ran at the destination: table entries alone prove
   * nothing.
   */
  async #silentProbes(): Promise<RunningProbe[]> {
    const { probes, switchover, vm } = this.run;
    const since = switchover.state.resumedAtMs ?? Date.now();
    const isAnswered = (probe: RunningProbe) =>
      probe.events.some(
        (event) => event.kind === 'reply' && event.repliedAtMs - event.rttMs - probes.offsetMs(probe) > since,
      );
    // Only those that watch this VM, and whose replies are seen as they come.
    const watching = probes.all.filter((probe) => probe.guest === null && probe.to === vm.name);
    await until(() => watching.every(isAnswered), SILENCE_MS);
    return watching.filter((probe) => !isAnswered(probe));
  }
}

function foundBy({ mac, traces }: HostProof): string {
  const wrong = traces.find((trace) => !trace.ok);
  return `a frame for ${mac} that comes in by ${wrong?.from}: ${wrong?.problem}`;
}

/**
 * In whole milliseconds, as ovs-ofctl stamps them: a table seen to move in the millisecond of the resume moved at 0.
 */
function afterResume(ms: number): number {
  const rounded = Math.round(ms);
  return rounded === -1 ? 0 : rounded + 0;
}
