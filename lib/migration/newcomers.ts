import { messageOf } from '../model/errors.js';
import type { MovingMac } from '../plan/moving-macs.js';
import { type MigrationContext, note } from './context.js';
import { newcomers } from './moving.js';
import { closeAll, standBy } from './stand-by.js';
import { followTables } from './watch.js';

/**
 * While the copy is far from its end: who has come to be behind the VM's NICs gets all that those had who were there
 * before. Does not wait for it.
 */
export function coverNewcomers(context: MigrationContext): void {
  if (context.covering !== null || context.held || context.redirects.length === 0) return;
  const fresh = newcomers(context);
  if (fresh.length === 0) return;
  const covering = cover(context, fresh)
    .catch((error: unknown) => {
      // They stay newcomers, and are tried again.
      note(context, null, Date.now(), `who has come behind the VM is not covered yet: ${messageOf(error)}`);
    })
    .finally(() => {
      context.covering = null;
    });
  context.covering = covering;
}

async function cover(context: MigrationContext, fresh: readonly MovingMac[]): Promise<void> {
  const macs = [...context.macs, ...fresh];
  await context.destination.converge({
    topology: context.topology,
    incoming: [{ vm: context.vm.name, macs }],
  });
  const more = await standBy(context, fresh);
  await followTables(context, fresh);
  // Frames are being sent ahead by now, by those that stood ready then.
  if (context.held) {
    await closeAll(more);
    return;
  }
  context.redirects = [...context.redirects, ...more];
  context.macs = macs;
  const list = fresh.map(({ mac }) => mac).join(', ');
  note(context, context.source.name, Date.now(), `moves too, since it has come behind a NIC: ${list}`);
}
