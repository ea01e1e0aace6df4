import { formatCount, formatMs } from '../model/quantities.js';
import { type MigrationContext, note, warn } from './context.js';
import { ALLOWED_DOWNTIME_MS, OPEN_MIB_PER_SECOND, withinLimit } from './gate.js';
import { letGo } from './moving.js';
import type { Whereabouts } from './stage.js';
import { closeRedirects, HOLD_MS } from './stand-by.js';
import { until } from './until.js';

/** How long after the gate's opening the guest should be paused. */
const URGE_AFTER_MS = 200;
const GIVE_UP_AFTER_MS = 800;

/**
 * What arming may take. Frames wait all the while, so it may cost them as much again as the pause itself, which is also
 * what a held copy has been judged by: the longer it is held, the more has the guest dirtied besides. With both, and
 * the time that the guest has until it is paused, a frame waits for less than HOLD_MS.
 */
export const ARMING_LIMIT_MS = Math.min(
  ALLOWED_DOWNTIME_MS,
  HOLD_MS - URGE_AFTER_MS - GIVE_UP_AFTER_MS - ALLOWED_DOWNTIME_MS,
);
/** On a machine that stays too busy the copy must come to its end all the same. */
const MOST_ARMINGS = 3;

/**
 * Frames for the VM are sent ahead to its new host, where they wait in its tap; only then may QEMU pause the guest. So
 * none arrives at a tap that nobody reads any more, and the guest gets all of them when it runs again. Where that takes
 * too long to arrange, the copy goes on meanwhile, and it is tried again at the next pass.
 */
export async function redirect(context: MigrationContext): Promise<void> {
  context.held = true;
  letGo(context);
  if (!context.options.redirect || context.control === null) return;
  const unready = await (context.unready ?? 'it was not asked');
  if (unready !== null) {
    await plainly(context, unready);
    return;
  }
  for (const follower of context.fdbFollowers) follower.hurry();
  while (!(await armInTime(context))) {
    const tookMs = context.armings.map((arming) => arming.tookMs);
    const list = tookMs.map((ms) => formatMs(Math.round(ms))).join(', ');
    const slow = `sending frames ahead took ${list} to arrange, more than the ${ARMING_LIMIT_MS} ms that they can wait for it`;
    if (tookMs.length >= MOST_ARMINGS) {
      await plainly(context, `${slow}, ${formatCount(tookMs.length, 'time')} in a row`);
      return;
    }
    warn(context, `${slow}: the copy goes on, and it is tried again at the next pass`);
    await disarm(context);
    context.held = false;
    await context.copyOn?.();
    context.held = true;
  }
  await openGate(context);
}

/**
 * False where it took too long; the flows may be in all the same. A guest that is paused already has nothing to lose by
 * a late one.
 */
async function armInTime(context: MigrationContext): Promise<boolean> {
  const { redirects, source } = context;
  const [first] = context.armings;
  // What an attempt before has sent ahead is too old by now.
  if (first !== undefined && Date.now() - first.atMs > HOLD_MS)
    for (const { redirect } of redirects) await redirect.drop();
  const beganMs = performance.now();
  const atMs = Date.now();
  const isLate = () => performance.now() - beganMs > ARMING_LIMIT_MS && context.stoppedAtMs === null;
  const arm = (onTheWay: boolean) =>
    Promise.all(redirects.filter((each) => each.onTheWay === onTheWay).map((each) => each.redirect.arm()));
  // A hub has to send them on before the source sends them to it.
  await arm(true);
  context.armingAtMs = Date.now();
  if (!isLate()) await arm(false);
  const inTime = !isLate();
  context.armings = [...context.armings, { atMs, tookMs: performance.now() - beganMs, inTime }];
  if (!inTime) return false;
  context.armedAtMs = Date.now();
  note(context, source.name, context.armedAtMs, 'frames for the guest are sent ahead');
  return true;
}

/** The guest gets its frames at the source again; what waits goes on waiting for it, and everybody stands by. */
async function disarm(context: MigrationContext): Promise<void> {
  for (const { redirect } of [...context.redirects].reverse()) await redirect.disarm();
  context.armingAtMs = null;
  context.liftedAtMs = null;
}

async function plainly(context: MigrationContext, why: string): Promise<void> {
  await closeRedirects(context);
  context.armingAtMs = null;
  context.liftedAtMs = null;
  warn(context, `${why}. It is migrated the plain way: what is sent to it while it is paused is lost`);
  await openGate(context);
}

/** Traffic goes back to the source, where the VM is as far as anybody knows: the gate may have been opened, which the copy's undoing finds out. */
export async function unredirect(context: MigrationContext): Promise<Whereabouts> {
  await closeRedirects(context);
  await context.control?.close();
  context.control = null;
  return 'source';
}

/** Full speed first: what is left is sent while the guest still runs, and only then is it paused. */
async function openGate({ control, options, downtimeMs }: MigrationContext): Promise<void> {
  const { strategy, bandwidthBytesPerSecond: limit } = options;
  await control?.setSpeed(withinLimit(OPEN_MIB_PER_SECOND, limit));
  if (strategy === 'post-copy') await control?.startPostCopy();
  else await control?.setMaxDowntime(downtimeMs);
}

/**
 * Called while QEMU finishes. A guest that dirties more than was judged gets QEMU's usual downtime; one that is not paused even then gets its
 * frames at the source again, for waiting frames grow old.
 */
export async function urge(context: MigrationContext, over: () => boolean): Promise<void> {
  if (context.control === null || context.options.strategy === 'post-copy') return;
  const settled = () => over() || context.stoppedAtMs !== null;
  if (await until(settled, URGE_AFTER_MS)) return;
  await context.control.setMaxDowntime(ALLOWED_DOWNTIME_MS);
  if (context.redirects.length === 0 || (await until(settled, GIVE_UP_AFTER_MS))) return;
  await closeRedirects(context, 'dropped');
  warn(context, 'it was not paused in time: frames are not sent ahead any more');
}
