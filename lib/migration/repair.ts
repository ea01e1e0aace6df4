import type { Repair } from '../model/certificate.js';
import { messageOf } from '../model/errors.js';
import type { Announcements } from './announce.js';
import type { HostParts } from './host-parts.js';
import type { Run } from './migration.js';
import type { MovingMacs } from './moving-macs.js';

/** A host that does not send frames for a MAC to where it should. */
export interface Stray {
  readonly host: string;
  readonly network: string;
  readonly mac: string;
  readonly found: string;
}

/**
 * Makes hosts relearn where a MAC is: what their tables have of it goes, and the VM's port announces it once more.
 * Nothing is put into a table by hand: it would still be there after the next move.
 */
export async function repair(
  { hosts, switchover, journal }: Run,
  strays: readonly Stray[],
  moving: MovingMacs,
  announcements: Announcements,
): Promise<Repair[]> {
  const repairs = await Promise.all(
    strays.map(async ({ host: name, network, mac, found }): Promise<Repair> => {
      const host = hosts.find((candidate) => candidate.name === name);
      const atMs = Date.now();
      const done = await (host === undefined ? forgotten([]) : forget(host, network, mac));
      const { resumedAtMs } = switchover.state;
      const afterResumeMs = resumedAtMs === null ? null : Math.round(atMs - resumedAtMs);
      journal.note(name, atMs, `repair: ${found}; ${done}`);
      journal.emit({ kind: 'warning', text: `${name} is made to learn anew where ${mac} is: ${found}` });
      return { host: name, network, mac, afterResumeMs, found, done: `${done}; the VM was announced again` };
    }),
  );
  for (const { nic, macs } of moving.byNic()) {
    const lost = macs.filter((each) => strays.some(({ mac, network }) => mac === each && network === nic.network));
    if (lost.length > 0) await announcements.again(nic, lost);
  }
  return repairs;
}

async function forget({ path }: HostParts, network: string, mac: string): Promise<string> {
  try {
    return forgotten(await path.forget(network, mac));
  } catch (error) {
    return `its entry could not be removed: ${messageOf(error)}`;
  }
}

function forgotten(removed: readonly string[]): string {
  return removed.length === 0 ? 'it had no entry' : `removed ${removed.join(' and ')}`;
}
