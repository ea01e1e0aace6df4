import { formatCount, formatMs } from '../model/quantities.js';
import { isAtOnce } from '../strategies/strategy.js';
import type { Copy } from './copy.js';
import { OPEN_MIB_PER_SECOND, withinLimit } from './gate.js';
import type { Run } from './migration.js';
import { armingLimitMs, GIVE_UP_AFTER_MS, HURRY_AFTER_MS } from './redirects.js';
import type { Reservation } from './reserve.js';
import { isStopped } from './switchover.js';

/** On a machine that stays too busy the copy must come to its end all the same. */
const MOST_ARMINGS = 3;

/**
 * Frames for the VM are sent ahead to its new host, where they wait in its tap; only then may QEMU pause the guest. So
 * none arrives at a tap that nobody reads any more, and the guest gets all of them when it runs again. Where that takes
 * too long to arrange, the copy goes on meanwhile, and it is tried again at the next pass.
 */
export async function redirect(run: Run, reservation: Reservation, copy: Copy): Promise<void> {
  const { redirects, moving } = reservation;
  reservation.hold();
  moving.letGo();
  if (reservation.control === null) return;
  if (!run.options.redirect) {
    await openGate(run, reservation, copy);
    return;
  }
  const unready = await copy.unready();
  if (unready !== null) {
    await plainly(run, reservation, copy, unready);
    return;
  }
  reservation.hurry();
  await reservation.room.make(copy.finish);
  while (!(await redirects.armInTime(copy.finish))) {
    const tookMs = redirects.armings.map((arming) => arming.tookMs);
    const list = tookMs.map((ms) => formatMs(Math.round(ms))).join(', ');
    const slow =
      `sending frames ahead took ${list} to arrange, more than the ${armingLimitMs(copy.finish)} ms that they ` +
      'can wait for it';
    // A copy that must not go on has no later pass.
    if (tookMs.length >= MOST_ARMINGS || copy.finish.isLast) {
      const often = tookMs.length === 1 ? '' : `, ${formatCount(tookMs.length, 'time')} in a row`;
      await plainly(run, reservation, copy, `${slow}${often}`);
      return;
    }
    run.journal.warn(`${slow}: the copy goes on, and it is tried again at the next pass`);
    await redirects.disarm();
    reservation.goOn();
    await copy.goOn();
    reservation.hold();
  }
  await openGate(run, reservation, copy);
}

async function plainly(run: Run, reservation: Reservation, copy: Copy, why: string): Promise<void> {
  await reservation.redirects.renounce();
  run.journal.warn(`${why}. It is migrated the plain way: what is sent to it while it is paused is lost`);
  await openGate(run, reservation, copy);
}

/**
 * Full speed first: what is left is sent while the guest still runs, and only then is it paused. Where that must be now
 * the copy stays held: of a paused guest QEMU sends as fast as it goes (migration.c, migration_completion_precopy).
 */
async function openGate(run: Run, { control }: Reservation, { finish }: Copy): Promise<void> {
  if (finish.kind === 'stop' && isAtOnce(finish)) {
    await control?.setMaxDowntime(finish.downtimeMs);
    return;
  }
  await control?.setSpeed(fullSpeed(run));
  if (finish.kind === 'stop') {
    await control?.setMaxDowntime(finish.downtimeMs);
    return;
  }
  // Whatever becomes of the request: from now on the guest's memory may be torn.
  run.switchover.apply({ kind: 'post-copy began', atMs: Date.now() });
  await control?.startPostCopy();
}

function fullSpeed({ options }: Run): number {
  return withinLimit(OPEN_MIB_PER_SECOND, options.bandwidthBytesPerSecond);
}

/**
 * Called while QEMU finishes. A guest that dirties more than was judged gets QEMU's usual downtime; one that is not
 * paused even then gets its frames at the source again, for waiting frames grow old.
 *
 */
export async function hastenPause(run: Run, reservation: Reservation, copy: Copy): Promise<void> {
  const { control, redirects } = reservation;
  if (control === null || copy.finish.kind !== 'stop') return;
  const settled = () => copy.job?.isOver === true || isStopped(run.switchover.state);
  if (await run.switchover.until(settled, HURRY_AFTER_MS)) return;
  if (isAtOnce(copy.finish)) await control.setSpeed(fullSpeed(run));
  await control.setMaxDowntime(copy.finish.hurriedDowntimeMs);
  if (!redirects.stand || (await run.switchover.until(settled, GIVE_UP_AFTER_MS))) return;
  await redirects.close('dropped');
  run.journal.warn('it was not paused in time: frames are not sent ahead any more');
}
