import type { CauseKind, FrameInterval } from '../model/certificate.js';
import type { Instant, Phase } from './causes.js';

/** What is known of when a migration did what, by the controller's clock. */
export interface SwitchInstants {
  readonly source: string;
  readonly destination: string;
  readonly began: Instant | null;
  readonly copyBegan: Instant | null;
  /** The redirect stands; null: there was none. */
  readonly armed: Instant | null;
  /** Attempts to have frames sent ahead that were undone. */
  readonly inVain: readonly { readonly from: Instant; readonly to: Instant }[];
  /** The redirect was undone; what waited may have been dropped. */
  readonly lifted: Instant | null;
  readonly stopped: Instant | null;
  readonly resumed: Instant | null;
  /** The guest has answered what waited for it. */
  readonly caughtUp: Instant | null;
  /** Post-copy: all memory is at the destination. */
  readonly fetched: Instant | null;
  readonly tables: readonly TableInstant[];
  readonly overflows: readonly OverflowInstants[];
}

/** Between which readings a host's queues dropped frames. */
export interface OverflowInstants {
  readonly host: string;
  readonly from: Instant;
  readonly to: Instant;
}

/** When a host's table had the guest at its new place for good. */
export interface TableInstant {
  readonly host: string;
  readonly network: string;
  /** null: never. */
  readonly moved: Instant | null;
}

/** A phase of the switch; `network` where it is about one only. */
export interface SwitchPhase extends Phase {
  readonly network: string | null;
}

/** The phases of a switch in order, without those that did not happen. */
export function switchPhases(instants: SwitchInstants): SwitchPhase[] {
  const { source, destination, began, copyBegan, armed, inVain, stopped, resumed, caughtUp, fetched } = instants;
  const { tables, overflows } = instants;
  const held = armed !== null && !tooSoon(instants) ? LATE : LATE_AND_LOST;
  const redirected = armed !== null;
  const inTime = redirected && (stopped === null || armed.atMs <= stopped.atMs);
  // From then on nothing that comes to the old tap is read.
  const tapLeft = inTime ? armed : (stopped ?? resumed);
  return [
    phase('before', source, began, copyBegan, LATE_AND_LOST),
    phase('copying', source, copyBegan, tapLeft, LATE),
    // What has waited at the destination for longer than it may is dropped there.
    ...inVain.map(({ from, to }) => phase('arming-undone', destination, from, to, LATE_AND_LOST)),
    ...(tapLeft === null
      ? []
      : [phase('left-behind', source, before(tapLeft, UNREAD_MS), tapLeft, LOST, { mayBe: true })]),
    ...(inTime ? [phase('sent-ahead', destination, armed, stopped ?? resumed, held, { heldUntil: resumed })] : []),
    ...(redirected && !inTime ? [phase('redirect-late', source, stopped, armed, LOST)] : []),
    // What is sent ahead waits for the guest; without the redirect it comes to a tap that nobody reads any more.
    phase('paused', source, stopped, resumed, held, { heldUntil: resumed }),
    ...(caughtUp === null ? [] : [phase('waking', destination, resumed, caughtUp, LATE)]),
    ...tables.map(({ host, network, moved }) => phase('converging', host, resumed, moved, LATE_AND_LOST, { network })),
    ...(fetched === null ? [] : [phase('fetching', destination, resumed, fetched, LATE)]),
    ...overflows.map(({ host, from, to }) => phase('overflow', host, from, to, LOST, { mayBe: true })),
  ].filter((each) => each !== null);
}

/** The redirect did not stand until the guest ran. */
function tooSoon({ lifted, resumed }: SwitchInstants): boolean {
  return lifted !== null && (resumed === null || lifted.atMs < resumed.atMs);
}

/** How long a busy QEMU leaves frames unread in a tap. What is there when the guest is paused is lost. */
const UNREAD_MS = 100;

const LATE = ['late'] as const;
const LOST = ['lost'] as const;
const LATE_AND_LOST = ['late', 'lost'] as const;

/** null for one that has no beginning, or ended before it began whatever the clocks were. */
function phase(
  kind: CauseKind,
  host: string,
  from: Instant | null,
  to: Instant | null,
  explains: readonly FrameInterval['kind'][],
  {
    network = null,
    heldUntil = null,
    mayBe = false,
  }: Partial<Pick<SwitchPhase, 'network' | 'heldUntil' | 'mayBe'>> = {},
): SwitchPhase | null {
  if (from === null) return null;
  if (to !== null && to.atMs + to.laterMs <= from.atMs - from.earlierMs) return null;
  return { kind, host, network, from, to, explains, heldUntil, mayBe };
}

function before(instant: Instant, ms: number): Instant {
  return { ...instant, atMs: instant.atMs - ms };
}
