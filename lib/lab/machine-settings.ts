import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../model/errors.js';
import type { LabWarning } from '../model/lab-event.js';
import type { Topology } from '../model/topology.js';
import { labsDirectory } from './lab-directory.js';
import { withMachineLock } from './lab-lock.js';

/**
 * Open vSwitch in userspace reads its ports through packet sockets, and leaves their buffers at the machine's default
 * (packet(7), socket(7): net.core.rmem_default), by default less than 300 small frames. A tap holds 1,000 (the
 * txqueuelen of tun devices): when the guest answers all that waited for it at once, this many must fit.
 */
const PACKET_BUFFER_BYTES = 1024 * 1024;

/**
 * All namespaces of the machine share one table of neighbours per family (arp(7): gc_thresh3 is its end, by default
 * 1024), in which each host of a segment may have all others: it is full with four segments of 16. The kernel then
 * drops what is to be sent.
 */
const NEIGHBOUR_ROOM = { gc_thresh2: 32_768, gc_thresh3: 65_536 } as const;
/** Of another lab, or the machine itself, may be the rest. */
const NEIGHBOUR_SHARE = 0.5;

/** A setting of the whole machine that a lab needs more of. There is none for a namespace. */
interface Setting {
  /** As sysctl(8) names it. */
  readonly name: string;
  readonly room: number;
  readonly warning: (former: string, why: string) => LabWarning;
}

const PACKET_BUFFER: Setting = {
  name: 'net.core.rmem_default',
  room: PACKET_BUFFER_BYTES,
  warning: (former, why) => ({
    code: 'packet-buffer-small',
    message:
      `The hosts' switches may lose frames in a burst: net.core.rmem_default is ${former} and could not be ` +
      `raised (${why}).`,
    hint: `On the machine that this one runs on: sysctl -w net.core.rmem_default=${PACKET_BUFFER_BYTES}`,
  }),
};

const NEIGHBOURS: readonly Setting[] = (['ipv4', 'ipv6'] as const).flatMap((family) =>
  Object.entries(NEIGHBOUR_ROOM).map(([threshold, room]): Setting => {
    const name = `net.${family}.neigh.default.${threshold}`;
    return {
      name,
      room,
      warning: (former, why) => ({
        code: 'neighbour-table-small',
        message:
          `Not all hosts may be able to reach each other at the same time: ${name} is ${former} and could not be ` +
          `raised (${why}).`,
        hint: `On the machine that this one runs on: sysctl -w ${name}=${room}`,
      }),
    };
  }),
);
const ALL = [PACKET_BUFFER, ...NEIGHBOURS];

/**
 * How many entries its hosts, their router and the controller have of one family when each has met all of its
 * neighbours.
 */
export function neighboursOf({ underlay, hosts }: Topology): number {
  const met = underlay.map(({ name }) => hosts.filter((host) => host.underlay === name).length ** 2);
  // The router's, and both ends of the management segment.
  return met.reduce((sum, count) => sum + count, 3 * hosts.length);
}

/**
 * Gives what is started from now on enough room, in the whole machine. The last lab's `down` takes it back. The
 * caller's lab must have its files already, else a `down` at the same time would think it was the last.
 *
 * @returns what will be wrong where there is not enough
 */
export async function raiseMachineSettings(topology: Topology): Promise<LabWarning[]> {
  const end = await currentValue('net.ipv4.neigh.default.gc_thresh3');
  const isCrowded = end !== null && neighboursOf(topology) > end * NEIGHBOUR_SHARE;
  const wanted = isCrowded ? ALL : [PACKET_BUFFER];
  return withMachineLock(async () => {
    const warnings: LabWarning[] = [];
    for (const setting of wanted) warnings.push(...(await raise(setting)));
    return warnings;
  });
}

async function raise({ name, room, warning }: Setting): Promise<LabWarning[]> {
  const former = await currentValue(name);
  // A kernel without the family, or a container without the setting.
  if (former === null || former >= room) return [];
  try {
    await writeFile(formerFile(name), `${former}\n`);
    await writeFile(settingFile(name), `${room}\n`);
    return [];
  } catch (error) {
    await rm(formerFile(name), { force: true });
    return [warning(String(former), messageOf(error))];
  }
}

/** After the last lab; the caller holds the machine's lock. A setting that somebody has changed since stays. */
export async function restoreMachineSettings(): Promise<void> {
  for (const { name, room } of ALL) {
    const former = await readFile(formerFile(name), 'utf8').catch(() => null);
    if (former === null) continue;
    if ((await currentValue(name)) === room) await writeFile(settingFile(name), former);
    await rm(formerFile(name), { force: true });
  }
}

/** What the setting was before the first lab; here so that a reboot forgets it, as it does the setting. */
function formerFile(name: string): string {
  return join(dirname(labsDirectory()), name);
}

function settingFile(name: string): string {
  return join('/proc/sys', ...name.split('.'));
}

async function currentValue(name: string): Promise<number | null> {
  const text = await readFile(settingFile(name), 'utf8').catch(() => null);
  return text === null ? null : Number(text);
}
