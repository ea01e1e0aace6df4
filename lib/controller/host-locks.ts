import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { VxmigError } from '../model/errors.js';
import type { Emit } from '../model/event.js';
import type { Lock } from '../ovsdb/lock.js';
import type { HostSession } from './host-session.js';

/** While somebody else has one: long enough for him to get what he lacks, and never the same for two who wait. */
const RETRY_MS = 150;

/** A host as its lock needs it. */
type LockedHost = Pick<HostSession, 'name' | 'ovs'>;

export interface LockOptions {
  /** How long another controller is waited for. */
  readonly timeoutMs: number;
  /** The locks are taken from whoever has them; he stops at once. */
  readonly steal: boolean;
}

export const DEFAULT_LOCK: LockOptions = { timeoutMs: 10_000, steal: false };

export interface LockRequest extends LockOptions {
  /** What for, as the other one will read it: `apply two-subnets`. */
  readonly work: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * Does `work` while we have the locks of all hosts, so that no other controller changes them meanwhile. A lock lives in
 * the host's Open vSwitch database and ends with our connection to it (RFC 7047 §4.1.8): nobody has to clean up after a
 * controller that died. All or none are taken, so two that want the same hosts never wait for each other.
 *
 * @param work its signal is aborted when the request's is, and with LOCKED when one of the locks is taken away
 * @throws VxmigError LOCKED naming who has them, INTERRUPTED, OVSDB; whatever `work` throws
 */
export async function withHostLocks<Result>(
  sessions: readonly LockedHost[],
  request: LockRequest,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const locks = await allLocks(sessions, request);
  const lost = new AbortController();
  for (const { session, lock } of locks) {
    void lock.stolen.then(() => lost.abort(takenAway(session.name)));
  }
  const holder = `${whoWeAre()}: ${request.work}, since ${new Date().toISOString()}`;
  // The work need not wait for it.
  const named = Promise.allSettled(sessions.map((session) => session.ovs.nameLockHolder(holder)));
  try {
    return await work(AbortSignal.any([request.signal, lost.signal]));
  } finally {
    await named;
    // A host that is gone has let go of it already.
    await Promise.allSettled(locks.map((held) => letGo(held)));
  }
}

interface HeldLock {
  readonly session: LockedHost;
  readonly lock: Lock;
}

async function letGo({ session, lock }: HeldLock): Promise<void> {
  if (lock.isHeld) await session.ovs.nameLockHolder(null);
  await lock.release();
}

async function allLocks(
  sessions: readonly LockedHost[],
  { timeoutMs, steal, emit, signal }: LockRequest,
): Promise<HeldLock[]> {
  const deadline = performance.now() + timeoutMs;
  for (let told = false; ; told = true) {
    signal.throwIfAborted();
    const asked = await askEach(sessions, steal ? 'steal' : 'request');
    const busy = asked.filter(({ lock }) => !lock.isHeld).map(({ session }) => session);
    if (busy.length === 0) return asked;
    await Promise.all(asked.map(({ lock }) => lock.release()));
    const named = await holders(busy);
    // Who has not given his name may only be looking (`vxmig watch`).
    if (performance.now() >= deadline && (told || named.some(({ who }) => who !== null))) throw locked(named);
    if (!told) emit({ kind: 'note', text: `Waiting: ${wordsFor(named)}` });
    await sleep(RETRY_MS * (1 + Math.random()), undefined, { signal }).catch(() => undefined);
  }
}

/** @throws OvsdbError where one of them cannot be asked; the others are given back then */
async function askEach(sessions: readonly LockedHost[], how: 'request' | 'steal'): Promise<HeldLock[]> {
  const answers = await Promise.allSettled(
    sessions.map(async (session) => ({ session, lock: await session.ovs.askForLock({ steal: how === 'steal' }) })),
  );
  const asked = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed === undefined) return asked;
  await Promise.allSettled(asked.map(({ lock }) => lock.release()));
  throw failed.reason;
}

interface Holder {
  readonly host: string;
  /** null: he has not said. */
  readonly who: string | null;
}

async function holders(busy: readonly LockedHost[]): Promise<Holder[]> {
  return await Promise.all(busy.map(async ({ name, ovs }) => ({ host: name, who: await ovs.lockHolder() })));
}

function locked(named: readonly Holder[]): VxmigError {
  return new VxmigError('LOCKED', wordsFor(named), {
    where: named.map(({ host }) => host).join(', '),
    hint:
      'Wait for it with --lock-timeout 60s. If its machine is gone for good and the lock is not, ' +
      '--steal-lock takes it.',
  });
}

/** `host-a, host-b locked by root@desk, process 4711: apply two-subnets, since …` */
function wordsFor(named: readonly Holder[]): string {
  const hostsOf = new Map<string, string[]>();
  for (const { host, who } of named) {
    const holder = who ?? 'another controller, which has only just begun';
    hostsOf.set(holder, [...(hostsOf.get(holder) ?? []), host]);
  }
  return [...hostsOf].map(([who, hosts]) => `${hosts.join(', ')} locked by ${who}`).join('; ');
}

function takenAway(host: string): VxmigError {
  return new VxmigError('LOCKED', `somebody has taken the lock of ${host} from us (--steal-lock)`, { where: host });
}

function whoWeAre(): string {
  return `${process.env.USER ?? `user ${process.getuid?.()}`}@${hostname()}, process ${process.pid}`;
}
