import { type JobStats, parseJobStats } from '../../../lib/measure/jobinfo.js';
import { type FinishStep, GATE_SHUT, type GateState, nextGateStep } from '../../../lib/migration/gate.js';
import { isAtOnce, type Strategy } from '../../../lib/strategies/strategy.js';

const MIB = 1024 * 1024;
const BLOCK_BYTES = MIB / 8;
/** QEMU: 8 bytes for a page of 4,096. */
const ON_THE_WIRE = 1 + 8 / 4096;
const TICK_MS = 10;
/** QEMU measures and limits by windows of so long. */
const WINDOW_MS = 100;

export interface SimulatedGuest {
  readonly memoryMib: number;
  /** How much of it the guest writes to, from 0 to 1. */
  readonly hot: number;
  /** How much of it has never been written to, and is sent as next to nothing. */
  readonly blank: number;
  readonly dirtiesMibPerSecond: number;
  readonly linkMibPerSecond: number;
  /** By how much the link is now faster and now slower, from 0 to 1. */
  readonly unsteady: number;
  readonly lookMs: number;
  readonly armingMs: number;
  /** From 0 to 1; the same series for the same guest. */
  readonly random: () => number;
}

export interface SimulatedEnd {
  readonly kind: 'stopped' | 'post-copy' | 'called off' | 'still copying';
  /** Of memory, on the wire. */
  readonly bytes: number;
  /** Until the guest runs at the destination with all of it. */
  readonly ms: number;
  readonly pauseMs: number;
  readonly finish: FinishStep | null;
  readonly why: string;
}

/**
 * A guest, and QEMU that copies it as the gate says: dirty pages are found at a pass's end, the speed is limited in
 * windows, and the guest is paused when what is left would be sent within the downtime at the last window's speed
 * (migration.c, migration_iteration_run and migration_update_counters).
 */
export function simulate(guest: SimulatedGuest, strategy: Strategy, forMs: number): SimulatedEnd {
  const copy = new SimulatedCopy(guest);
  let state: GateState = GATE_SHUT;
  while (copy.ms < forMs) {
    copy.run(guest.lookMs);
    const step = nextGateStep(state, copy.statistics(), {
      strategy,
      lookMs: guest.lookMs,
      guestBytes: guest.memoryMib * MIB,
      elapsedMs: copy.ms,
    });
    state = step.state;
    if (step.kind === 'call off') return copy.end('called off', null, step.why);
    if (step.kind !== 'wait') copy.limitMib = step.mibPerSecond;
    if (step.kind !== 'ready') continue;
    copy.run(guest.armingMs);
    const { finish } = step;
    if (finish.kind === 'post-copy') return copy.finishBy('post-copy', finish);
    const openedMs = copy.ms;
    while (copy.ms < forMs) {
      const isHurried = copy.ms - openedMs > 200;
      if (isHurried || !isAtOnce(finish)) copy.limitMib = Number.POSITIVE_INFINITY;
      const downtimeMs = isHurried ? finish.hurriedDowntimeMs : finish.downtimeMs;
      if (copy.wouldPause(downtimeMs)) return copy.finishBy('stopped', finish);
      copy.run(TICK_MS);
    }
  }
  return copy.end('still copying', null, '');
}

class SimulatedCopy {
  ms = 0;
  limitMib = Number.POSITIVE_INFINITY;
  #bytes = 0;
  #pass = 1;
  readonly #total: number;
  readonly #blank: number;
  /** What of this pass is still to be sent. */
  #toSend: Set<number>;
  /** What was dirtied since the last look at that. */
  #dirtied = new Set<number>();
  readonly #windows: number[] = [0];
  #allowance = 0;
  #toDirty = 0;

  constructor(private readonly guest: SimulatedGuest) {
    this.#total = Math.round((guest.memoryMib * MIB) / BLOCK_BYTES);
    this.#blank = Math.floor(this.#total * guest.blank * (1 - guest.hot));
    this.#toSend = new Set(Array.from({ length: this.#total }, (_, index) => index));
  }

  run(forMs: number): void {
    for (let done = 0; done < forMs; done += TICK_MS) {
      this.ms += TICK_MS;
      if (this.ms % WINDOW_MS === 0) this.#windows.push(0);
      this.#dirty();
      this.#send();
    }
  }

  statistics(): JobStats {
    const parsed = parseJobStats(
      `Job type: 2\nmemory_total: ${this.#total * BLOCK_BYTES}\nmemory_processed: ${Math.round(this.#bytes)}\n` +
        `memory_remaining: ${this.#toSend.size * BLOCK_BYTES}\nmemory_bps: ${Math.round(this.#speed)}\n` +
        `memory_iteration: ${this.#pass}\n`,
    );
    if (parsed === null) throw new Error('these are no statistics');
    return parsed;
  }

  /** By the estimate first, and then, when what was dirtied has been asked for, once more. */
  wouldPause(downtimeMs: number): boolean {
    const fits = () => this.#toSend.size * BLOCK_BYTES <= (this.#speed * downtimeMs) / 1000;
    if (!fits()) return false;
    this.#find();
    return fits();
  }

  finishBy(kind: 'stopped' | 'post-copy', finish: FinishStep): SimulatedEnd {
    this.#find();
    const bytes = this.#toSend.size * BLOCK_BYTES * ON_THE_WIRE;
    const speeds = Array.from({ length: 20 }, () => this.#link);
    const tookMs = (bytes / (speeds.reduce((sum, speed) => sum + speed) / speeds.length)) * 1000 + 60;
    this.#bytes += bytes;
    this.ms += tookMs;
    return { ...this.end(kind, finish, finish.why), pauseMs: kind === 'stopped' ? tookMs : 0 };
  }

  end(kind: SimulatedEnd['kind'], finish: FinishStep | null, why: string): SimulatedEnd {
    return { kind, bytes: this.#bytes, ms: this.ms, pauseMs: 0, finish, why };
  }

  get #speed(): number {
    return (this.#windows.at(-2) ?? 0) * (1000 / WINDOW_MS);
  }

  get #link(): number {
    const { linkMibPerSecond, unsteady, random } = this.guest;
    return linkMibPerSecond * MIB * (1 + unsteady * (2 * random() - 1));
  }

  #dirty(): void {
    const { dirtiesMibPerSecond, hot, random } = this.guest;
    const hotBlocks = Math.floor(this.#total * hot);
    this.#toDirty += (dirtiesMibPerSecond * MIB * (TICK_MS / 1000)) / BLOCK_BYTES;
    for (; this.#toDirty >= 1; this.#toDirty -= 1) {
      if (hotBlocks > 0) this.#dirtied.add(this.#total - 1 - Math.floor(random() * hotBlocks));
    }
  }

  #send(): void {
    this.#allowance += Math.min(this.#link, this.limitMib * MIB) * (TICK_MS / 1000);
    for (const block of this.#toSend) {
      const bytes = block < this.#blank && this.#pass === 1 ? BLOCK_BYTES / 512 : BLOCK_BYTES * ON_THE_WIRE;
      if (this.#allowance < bytes) break;
      this.#allowance -= bytes;
      this.#bytes += bytes;
      this.#windows[this.#windows.length - 1] = (this.#windows.at(-1) ?? 0) + bytes;
      this.#toSend.delete(block);
    }
    if (this.#toSend.size > 0) return;
    this.#allowance = Math.min(this.#allowance, 0);
    this.#find();
    this.#pass += 1;
  }

  /** What is dirty is known: QEMU has asked. */
  #find(): void {
    this.#toSend = new Set([...this.#toSend, ...this.#dirtied]);
    this.#dirtied = new Set();
  }
}
