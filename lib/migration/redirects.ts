import type { Redirect } from '../network/path.js';
import type { MovingMac } from '../plan/moving-macs.js';
import { ALLOWED_DOWNTIME_MS, type FinishStep } from './gate.js';
import type { HostParts } from './host-parts.js';
import type { Run } from './migration.js';
import type { MovingMacs } from './moving-macs.js';
import { isStopped } from './switchover.js';

/**
 * No frame that has waited longer is delivered: whoever sent it has sent it again, or given up. Where the guest is to
 * stand still for longer, frames wait as long as that may take (`holdMs`).
 */
const HOLD_MS = 2_000;
/** How long after the gate's opening the guest should be paused. */
export const HURRY_AFTER_MS = 200;
export const GIVE_UP_AFTER_MS = 800;
const MOST_ARMING_MS = 1_000;
/** A pause can take longer than the speed before it lets one think. */
const HOLD_HEADROOM = 1.5;

/**
 * What arming may take. Frames wait all the while, so it may cost them as much again as the pause itself, which is also
 * what a held copy has been judged by: the longer it is held, the more has the guest dirtied besides. With both, and
 * the time that the guest has until it is paused, a frame waits for less than HOLD_MS.
 */
export const ARMING_LIMIT_MS = Math.min(
  ALLOWED_DOWNTIME_MS,
  HOLD_MS - HURRY_AFTER_MS - GIVE_UP_AFTER_MS - ALLOWED_DOWNTIME_MS,
);

/** The longer the pause is to be, the less it matters what arming adds to it; up to what a bound has room for. */
export function armingLimitMs(finish: FinishStep): number {
  return Math.max(ARMING_LIMIT_MS, Math.min(MOST_ARMING_MS, pauseOf(finish) ?? 0));
}

/** So long frames may wait for a guest that comes to its end like that. */
export function holdMs(finish: FinishStep): number {
  if (finish.kind !== 'stop' || finish.atMostMs <= ALLOWED_DOWNTIME_MS) return HOLD_MS;
  const untilPausedMs = armingLimitMs(finish) + HURRY_AFTER_MS + GIVE_UP_AFTER_MS;
  return Math.max(HOLD_MS, untilPausedMs + HOLD_HEADROOM * finish.atMostMs);
}

function pauseOf(finish: FinishStep): number | null {
  return finish.kind === 'stop' ? finish.expectedMs : null;
}

/** Where a redirect stands decides when it may be armed. */
export interface PlacedRedirect {
  readonly redirect: Redirect;
  readonly onTheWay: boolean;
}

/** An attempt to have frames sent ahead. */
export interface Arming {
  /** By the controller's clock. */
  readonly atMs: number;
  readonly tookMs: number;
  readonly inTime: boolean;
  /** When the guest got its frames at the source again; null: that was not needed. */
  readonly undoneAtMs: number | null;
}

/** The redirects of a run: frames for the VM are sent ahead to its new host, where they wait in its tap. */
export class Redirects {
  #placed: readonly PlacedRedirect[] = [];
  #armings: readonly Arming[] = [];
  /** Between these two instants the sources' redirects took effect, which are the last. */
  #armingAtMs: number | null = null;
  #armedAtMs: number | null = null;
  /** The first of the redirects was lifted. */
  #liftedAtMs: number | null = null;

  constructor(
    private readonly run: Run,
    private readonly moving: MovingMacs,
  ) {}

  get stand(): boolean {
    return this.#placed.length > 0;
  }

  get instants() {
    return { armingAtMs: this.#armingAtMs, armedAtMs: this.#armedAtMs, liftedAtMs: this.#liftedAtMs };
  }

  get armings(): readonly Arming[] {
    return this.#armings;
  }

  /**
   * Whoever stands by: the source, before it a hub that frames for the destination pass, and the destination for its
   * own peers.
   */
  async standBy(macs: readonly MovingMac[]): Promise<readonly PlacedRedirect[]> {
    const { source, destination, switchover, domain } = this.run;
    const standing = this.moving.byNic(macs).flatMap(({ nic, macs: its }) => {
      const onTheWay = this.#hubBetween(nic.network);
      return [...onTheWay, destination, source].map(async (host) => {
        const redirect = await host.path.redirect({
          nic,
          macs: its,
          domain,
          from: source.name,
          to: destination.name,
          arrived: () => switchover.state.phase === 'arrived',
          onLifted: () => this.#lifted(host.name),
        });
        return { redirect, onTheWay: onTheWay.includes(host) };
      });
    });
    return await allOrNone(standing);
  }

  /** They are armed with the others from now on. */
  add(placed: readonly PlacedRedirect[]): void {
    this.#placed = [...this.#placed, ...placed];
  }

  /**
   * False where it took too long; the flows may be in all the same. A guest that is paused already has nothing to lose
   * by a late one.
   */
  async armInTime(finish: FinishStep): Promise<boolean> {
    const [first] = this.#armings;
    // What an attempt before has sent ahead is too old by now.
    const hold = holdMs(finish);
    if (first !== undefined && Date.now() - first.atMs > hold)
      for (const { redirect } of this.#placed) await redirect.drop();
    const beganMs = performance.now();
    const atMs = Date.now();
    const isLate = () => performance.now() - beganMs > armingLimitMs(finish) && !isStopped(this.run.switchover.state);
    // A hub has to send them on before the source sends them to it.
    await this.#arm(true, hold);
    this.#armingAtMs = Date.now();
    if (!isLate()) await this.#arm(false, hold);
    const inTime = !isLate();
    this.#armings = [...this.#armings, { atMs, tookMs: performance.now() - beganMs, inTime, undoneAtMs: null }];
    if (!inTime) return false;
    this.#armedAtMs = Date.now();
    this.run.journal.note(this.run.source.name, this.#armedAtMs, 'frames for the guest are sent ahead');
    return true;
  }

  /** The guest gets its frames at the source again; what waits goes on waiting for it, and everybody stands by. */
  async disarm(): Promise<void> {
    for (const { redirect } of [...this.#placed].reverse()) await redirect.disarm();
    this.#neverArmed();
  }

  /** They are not needed for this migration; they have not been in force when it matters. */
  async renounce(): Promise<void> {
    await this.close();
    this.#neverArmed();
  }

  /**
   * From the source back to the hub: nothing is sent to whoever does not send it on. One that cannot be told lets go by
   * itself.
   *
   * @param waiting what becomes of the frames that wait at the destination
   */
  async close(waiting: 'kept' | 'dropped' = 'kept'): Promise<void> {
    const placed = this.#placed;
    this.#placed = [];
    if (placed.length > 0) this.#liftedAtMs ??= Date.now();
    await closeAll(placed, waiting);
  }

  async #arm(onTheWay: boolean, hold: number): Promise<void> {
    const placed = this.#placed.filter((each) => each.onTheWay === onTheWay);
    await Promise.all(placed.map(({ redirect }) => redirect.arm(hold)));
  }

  #neverArmed(): void {
    const undoneAtMs = Date.now();
    this.#armings = this.#armings.map((arming) => ({ ...arming, undoneAtMs: arming.undoneAtMs ?? undoneAtMs }));
    this.#armingAtMs = null;
    this.#liftedAtMs = null;
  }

  #lifted(host: string): void {
    if (this.#liftedAtMs === null)
      this.run.journal.warn(`frames are not sent ahead any more: ${host} had no word of the guest for too long`);
    this.#liftedAtMs ??= Date.now();
  }

  #hubBetween(network: string): HostParts[] {
    const { topology, hosts, source, destination } = this.run;
    const mesh = topology.networks.find(({ name }) => name === network)?.mesh;
    if (mesh?.kind !== 'hub') return [];
    return hosts.filter((host) => host.name === mesh.hub && host !== source && host !== destination);
  }
}

/** Where one cannot stand by, those that can are let go again. */
async function allOrNone(standing: readonly Promise<PlacedRedirect>[]): Promise<readonly PlacedRedirect[]> {
  const ends = await Promise.allSettled(standing);
  const placed = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed === undefined) return placed;
  await closeAll(placed);
  throw failed.reason;
}

export async function closeAll(
  redirects: readonly PlacedRedirect[],
  waiting: 'kept' | 'dropped' = 'kept',
): Promise<void> {
  for (const { redirect } of [...redirects].reverse()) {
    await (waiting === 'kept' ? redirect.disarm() : redirect.drop()).catch(() => {});
    await redirect.close();
  }
}
