import { announceFirst, announceOn } from './announce.js';
import type { MigrationContext } from './context.js';
import { takeLatecomers } from './moving.js';
import { occupy } from './occupy.js';
import { settle } from './verify.js';

/**
 * What begins when the guest is seen to run at the destination, while libvirt still ends the migration at the source; once only. The first
 * announcement comes before all else: until the tables know the new place, frames for the guest take the long way.
 */
export function beginArrival(context: MigrationContext): void {
  if (context.arrival !== null) return;
  takeLatecomers(context);
  const first = announceFirst(context);
  const occupied = first.then(() => occupy(context));
  const announced = first.then(() => announceOn(context));
  const settled = occupied.then(() => settle(context));
  context.arrival = { announced: Promise.all([occupied, announced]).then(() => {}), settled };
  // The stages that wait for them get a failure; until then it is not unhandled.
  for (const each of [context.arrival.announced, settled]) each.catch(() => {});
}

/** Waits for the announcements, which have begun by themselves if the guest was seen to run. */
export async function announced(context: MigrationContext): Promise<void> {
  beginArrival(context);
  await context.arrival?.announced;
}
