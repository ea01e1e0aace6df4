import type { JobOutcome, MigrationControl, MigrationJob } from '../compute/driver.js';
import type { JobStats } from '../measure/jobinfo.js';
import { VxmigError } from '../model/errors.js';
import { calledOff, ofSilence } from './cause.js';
import type { Checked } from './check.js';
import { CopyFlow } from './copy-flow.js';
import { tellProgress } from './copy-progress.js';
import {
  ALLOWED_DOWNTIME_MS,
  type FinishStep,
  GATE_SHUT,
  type GateState,
  type GateStep,
  goOn,
  NEAR_MS,
  nextGateStep,
  SHUT_DOWNTIME_MS,
  withinLimit,
} from './gate.js';
import type { Run } from './migration.js';
import type { Agreed } from './negotiate.js';
import { type QueueReading, readQueues } from './queues.js';
import { whyUnready } from './ready.js';
import type { Reservation } from './reserve.js';
import { isStopped } from './switchover.js';
import { until } from './until.js';

const PROGRESS_INTERVAL_MS = 250;
/** How often the copy is looked at when the redirect waits for its end. */
const GATE_INTERVAL_MS = 10;
/** While the end is far: looking costs QEMU time that the copy wants. */
const FAR_INTERVAL_MS = 50;
const RECENT_LOOKS = 12;

/** How QEMU comes to its end by itself. */
const UNSTEERED: FinishStep = {
  kind: 'stop',
  downtimeMs: ALLOWED_DOWNTIME_MS,
  hurriedDowntimeMs: ALLOWED_DOWNTIME_MS,
  expectedMs: null,
  atMostMs: ALLOWED_DOWNTIME_MS,
  why: 'QEMU itself decided when',
  isLast: false,
};

/** The copy of the memory, from its beginning until it is held before its end. */
export class Copy {
  #job: MigrationJob | null = null;
  #gate: GateState = GATE_SHUT;
  /** What QEMU is told when the gate is opened. */
  #finish: FinishStep = UNSTEERED;
  #isShut = false;
  /** The strategy has said how it comes to its end. */
  #isHeld = false;
  readonly #looks = new RecentLooks();
  /** Why the destination is not proven ready for frames that are sent ahead; resolves to null: it is. */
  #unready: Promise<string | null> | null = null;
  #queuesBefore: Promise<QueueReading> | null = null;

  readonly flow: CopyFlow;

  constructor(
    private readonly run: Run,
    private readonly checked: Checked & Agreed,
    private readonly reservation: Reservation,
  ) {
    this.flow = new CopyFlow(run);
  }

  /** null: it has not begun. */
  get job(): MigrationJob | null {
    return this.#job;
  }

  get finish(): FinishStep {
    return this.#finish;
  }

  /** What is left has been sent for, in whatever way. */
  get hasEnded(): boolean {
    return this.#isHeld || isStopped(this.run.switchover.state);
  }

  /** What the hosts' queues had dropped when memory began to flow; null: it never did. */
  get queuesBefore(): Promise<QueueReading> | null {
    return this.#queuesBefore;
  }

  /** Why the destination is not proven ready for frames that are sent ahead; null: it is. */
  async unready(): Promise<string | null> {
    return await (this.#unready ?? 'it was not asked');
  }

  /**
   * The memory is copied while the guest runs. With the redirect QEMU is kept from pausing the guest, and the stage
   * ends when little is left; without it, when QEMU pauses the guest. And when the job ends.
   */
  async make(): Promise<void> {
    await this.#orSilence(async () => {
      await this.#begin();
      await this.#untilReady();
    });
  }

  /** Lets a copy go on that was held to no avail, until it is held at a later pass. */
  async goOn(): Promise<void> {
    await this.#orSilence(async () => {
      const stats = await this.reservation.control?.statistics();
      if (stats != null) await this.#take(goOn(this.#gate, stats));
      await this.#untilReady();
    });
  }

  async #orSilence(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw await ofSilence(this.run, error);
    }
  }

  async #begin(): Promise<void> {
    const { source, destination, domain, options, strategy, switchover, journal, clocks } = this.run;
    const beganAtMs = Date.now();
    switchover.apply({ kind: 'copy began', atMs: beganAtMs });
    const { postCopy, autoConverge } = strategy.asksFor;
    // Not on our word: nobody would hear when it begins.
    const isSteered = this.reservation.control !== null;
    if (postCopy && !isSteered) {
      this.#finish = { kind: 'post-copy', why: 'QEMU itself decided when', isLast: true };
      switchover.apply({ kind: 'post-copy began', atMs: beganAtMs });
    }
    const job = await source.vms.migrate({
      domain,
      to: destination.vms,
      postCopy: postCopy ? (isSteered ? 'on demand' : 'by itself') : 'never',
      autoConverge,
      bandwidthBytesPerSecond: options.bandwidthBytesPerSecond,
      storage: this.checked.storage,
      clocks: clocks.offsets,
      note: (host, text) => journal.note(host, Date.now(), text),
    });
    this.#job = job;
    this.flow.begin();
    void job.outcome.then((outcome) => switchover.apply({ kind: 'ended', atMs: Date.now(), outcome }));
  }

  /** The copy goes on until it is held, or the guest is paused, or the job ends. */
  async #untilReady(): Promise<void> {
    const { source, domain, switchover, signal, strategy } = this.run;
    const { control } = this.reservation;
    const job = this.#job;
    if (job === null) throw new Error('a copy that has not begun');
    const isPast = () => job.isOver || isStopped(switchover.state);
    let toldMs = Number.NEGATIVE_INFINITY;
    while (!(await until(isPast, this.#lookAgainMs(control), signal))) {
      if (this.flow.isLate) throw this.flow.late();
      const askedMs = performance.now();
      const stats = await (control?.statistics() ?? source.vms.statistics(domain));
      const nowMs = performance.now();
      this.#looks.add(nowMs - askedMs + GATE_INTERVAL_MS);
      if (stats === null) continue;
      this.flow.follow(stats, nowMs);
      if (!this.#isShut) {
        this.#isShut = true;
        // Not before the job is there: libvirt would take it for what the VM is to have afterwards.
        await control?.setMaxDowntime(SHUT_DOWNTIME_MS);
      }
      await this.#whenMemoryFlows(stats, control);
      if (control !== null) {
        const { memoryBytes: guestBytes } = this.checked;
        const elapsedMs = this.flow.elapsedMs(nowMs);
        const step = nextGateStep(this.#gate, stats, { strategy, lookMs: this.#looks.worst, guestBytes, elapsedMs });
        await this.#take(step);
        if (step.kind === 'ready') return;
      }
      if (this.#gate.phase === 'sprint' && this.#gate.leftMs > NEAR_MS) this.reservation.coverNewcomers();
      if (nowMs - toldMs >= PROGRESS_INTERVAL_MS) {
        toldMs = nowMs;
        tellProgress(this.run, stats);
      }
    }
    if (!isStopped(switchover.state)) throwIfFailed(this.run, await job.outcome);
  }

  /** Once memory flows, the destination's QEMU has opened its taps. */
  async #whenMemoryFlows(stats: JobStats, control: MigrationControl | null): Promise<void> {
    if (this.#queuesBefore !== null || (stats.memoryProcessedBytes ?? 0) <= 0) return;
    this.#queuesBefore = readQueues(this.run);
    if (control === null || !this.run.options.redirect) return;
    this.reservation.room.begin();
    await this.#primeTaps();
    this.#unready = whyUnready(this.run, this.reservation.moving);
  }

  /**
   * QEMU reads the first frame from a tap although its guest does not run yet, and drops it when the guest is about to
   * (net/tap.c reads before it asks; net/net.c purges what is queued for a guest that does not run). With that frame it
   * stops reading, and all later ones wait in the tap. So the first one is ours.
   */
  async #primeTaps(): Promise<void> {
    const { vm, destination } = this.run;
    for (const index of vm.nics.keys()) await destination.path.primeTap(vm.name, index);
  }

  /** Does what the gate says. */
  async #take(step: GateStep): Promise<void> {
    this.#gate = step.state;
    if (step.kind === 'wait') return;
    if (step.kind === 'call off') throw calledOff(this.run, step.why);
    const { options, journal, source } = this.run;
    await this.reservation.control?.setSpeed(withinLimit(step.mibPerSecond, options.bandwidthBytesPerSecond));
    if (step.kind === 'ready') {
      this.#finish = step.finish;
      this.#isHeld = true;
      journal.note(source.name, Date.now(), `the rest goes now: ${step.finish.why}`);
      return;
    }
    const what = `the copy may send ${step.mibPerSecond} MiB/s (${step.state.phase})`;
    journal.note(source.name, Date.now(), what);
  }

  #lookAgainMs(control: MigrationControl | null): number {
    if (control === null) return PROGRESS_INTERVAL_MS;
    return this.#gate.phase === 'sprint' && this.#gate.leftMs > NEAR_MS ? FAR_INTERVAL_MS : GATE_INTERVAL_MS;
  }
}

/** @throws VxmigError MIGRATION_FAILED with what the driver said */
export function throwIfFailed({ vm }: Run, outcome: JobOutcome): void {
  if (outcome.kind === 'completed') return;
  throw new VxmigError('MIGRATION_FAILED', outcome.why, { where: vm.name, hint: outcome.hint });
}

/** How long the last looks took: a machine that was too busy a moment ago still is. */
class RecentLooks {
  readonly #tookMs: number[] = [];

  add(ms: number): void {
    this.#tookMs.push(ms);
    if (this.#tookMs.length > RECENT_LOOKS) this.#tookMs.shift();
  }

  get worst(): number {
    return Math.max(0, ...this.#tookMs);
  }
}
