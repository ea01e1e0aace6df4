import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../model/errors.js';
import type { LabWarning } from '../model/lab-event.js';
import { labsDirectory } from './lab-directory.js';
import { withMachineLock } from './lab-lock.js';

const SETTING = '/proc/sys/net/core/rmem_default';

/**
 * Open vSwitch in userspace reads its ports through packet sockets, and leaves their buffers at the machine's default (packet(7), socket(7):
 * net.core.rmem_default), by default less than 300 small frames. A tap holds 1,000 (the txqueuelen of tun devices): when the guest answers
 * all that waited for it at once, this many must fit.
 */
const ROOM_BYTES = 1024 * 1024;

/** What the setting was before the first lab; here so that a reboot forgets it, as it does the setting. */
function formerFile(): string {
  return join(dirname(labsDirectory()), 'rmem_default');
}

/**
 * Gives packet sockets that are opened from now on enough room, in the whole machine: there is no such setting for a namespace. The last lab's
 * `down` takes it back. The caller's lab must have its files already, else a `down` at the same time would think it was the last.
 *
 * @returns null: there is enough; else what will be wrong
 */
export async function raisePacketBuffer(): Promise<LabWarning | null> {
  return withMachineLock(async () => {
    const former = await currentBytes();
    if (former >= ROOM_BYTES) return null;
    try {
      await writeFile(formerFile(), `${former}\n`);
      await writeFile(SETTING, `${ROOM_BYTES}\n`);
      return null;
    } catch (error) {
      await rm(formerFile(), { force: true });
      return {
        code: 'packet-buffer-small',
        message: `The hosts' switches may lose frames in a burst: net.core.rmem_default is ${former} and could not be raised (${messageOf(error)}).`,
        hint: `On the machine that this one runs on: sysctl -w net.core.rmem_default=${ROOM_BYTES}`,
      };
    }
  });
}

/** After the last lab; the caller holds the machine's lock. A setting that somebody has changed since stays. */
export async function restorePacketBuffer(): Promise<void> {
  const former = await readFile(formerFile(), 'utf8').catch(() => null);
  if (former === null) return;
  if ((await currentBytes()) === ROOM_BYTES) await writeFile(SETTING, former);
  await rm(formerFile(), { force: true });
}

async function currentBytes(): Promise<number> {
  return Number(await readFile(SETTING, 'utf8'));
}
