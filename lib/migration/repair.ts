import { messageOf } from '../model/errors.js';
import { framesFor } from './announce.js';
import { type Astray, type MigrationContext, note } from './context.js';
import { movingNics } from './moving.js';
import type { MigrationHost } from './needs.js';

/**
 * Makes hosts relearn where a MAC is: what their tables have of it goes, and the VM's port announces it once more. Nothing is put into a table
 * by hand: it would still be there after the next move.
 */
export async function repair(context: MigrationContext, wrong: readonly Astray[]): Promise<void> {
  await Promise.all(
    wrong.map(async (each) => {
      const host = context.hosts.find((candidate) => candidate.name === each.host);
      const atMs = Date.now();
      const done = await (host === undefined ? forgotten([]) : forget(host, each));
      const { resumedAtMs } = context;
      const afterResumeMs = resumedAtMs === null ? null : Math.round(atMs - resumedAtMs);
      const { host: name, network, mac, found } = each;
      const repaired = { host: name, network, mac, afterResumeMs, found, done: `${done}; the VM was announced again` };
      context.repairs = [...context.repairs, repaired];
      note(context, each.host, atMs, `repair: ${each.found}; ${done}`);
      context.emit({ kind: 'warning', text: `${each.host} is made to learn anew where ${each.mac} is: ${each.found}` });
    }),
  );
  for (const { nic, macs } of movingNics(context)) {
    const lost = macs.filter((each) => wrong.some(({ mac, network }) => mac === each && network === nic.network));
    if (lost.length === 0) continue;
    const frames = framesFor(context, nic, lost);
    await context.destination.announce(nic, [{ delayMs: 0, frames }]);
    for (const { kind } of frames) context.announced[kind] += 1;
  }
}

async function forget(host: MigrationHost, { network, mac }: Astray): Promise<string> {
  try {
    return forgotten(await host.forget(network, mac));
  } catch (error) {
    return `its entry could not be removed: ${messageOf(error)}`;
  }
}

function forgotten(removed: readonly string[]): string {
  return removed.length === 0 ? 'it had no entry' : `removed ${removed.join(' and ')}`;
}
