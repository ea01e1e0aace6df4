import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { findMachine } from '../lab/machine.js';
import { capture } from './capture.js';

/*
 * What the machine sees of a lab's host on which a student is root: its processes and devices are the machine's,
 * whatever a virsh, an ovs-vsctl or a ping says that stands there.
 */

/** A QEMU that is the machine's own program, and the devices through which its guest is on a network. */
export interface Emulator {
  /** Lower case; of all NICs that it was started with. */
  readonly macs: readonly string[];
  readonly taps: readonly string[];
}

/** @throws VxmigError where the lab or the host is down */
export async function emulatorsOn(lab: string, host: string): Promise<Emulator[]> {
  const { pid } = await findMachine(lab, host);
  const network = await readlink(`/proc/${pid}/ns/net`);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (one) => {
      // A process may end while it is looked at.
      const there = await readlink(`/proc/${one}/ns/net`).catch(() => null);
      return there === network && (await isEmulator(one)) ? [await devicesOf(one)] : [];
    }),
  );
  return found.flat();
}

/** By what is in the file that runs, for its name can be given to any other. */
async function isEmulator(pid: string): Promise<boolean> {
  const path = `/proc/${pid}/exe`;
  const size = await sizeOf(path);
  if (size === null) return false;
  const programs = (await readdir(PROGRAMS)).filter((name) => name.startsWith('qemu-system-'));
  for (const program of programs) {
    const own = `${PROGRAMS}/${program}`;
    if ((await sizeOf(own)) === size && (await hashOf(own)) === (await hashOf(path).catch(() => null))) return true;
  }
  return false;
}

const PROGRAMS = '/usr/bin';

async function sizeOf(path: string): Promise<number | null> {
  return await stat(path).then(
    ({ size }) => size,
    () => null,
  );
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function devicesOf(pid: string): Promise<Emulator> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const macs = [...command.toLowerCase().matchAll(/"?mac"?[=:]"?((?:[0-9a-f]{2}:){5}[0-9a-f]{2})/g)];
  const descriptors = await readdir(`/proc/${pid}/fdinfo`).catch(() => []);
  const taps = await Promise.all(
    descriptors.map(async (descriptor) => {
      // A tap's descriptor says which device it is the other end of (drivers/net/tun.c, tun_chr_show_fdinfo).
      const info = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').catch(() => '');
      return /^iff:\s*(\S+)$/m.exec(info)?.[1] ?? [];
    }),
  );
  return { macs: macs.flatMap(([, mac]) => mac ?? []), taps: [...new Set(taps.flat())] };
}

/** Those that have a NIC of one of the MACs, and where. */
export async function emulatorsWith(
  lab: string,
  { hosts, macs }: { readonly hosts: readonly string[]; readonly macs: readonly string[] },
): Promise<(Emulator & { readonly host: string })[]> {
  const all = await Promise.all(
    hosts.map(async (host) => (await emulatorsOn(lab, host)).map((emulator) => ({ host, ...emulator }))),
  );
  return all.flat().filter((one) => one.macs.some((mac) => macs.includes(mac)) && one.taps.length > 0);
}

/** null: there is one. */
export function noEmulator(found: readonly Emulator[]): string | null {
  return found.length > 0 ? null : 'not by the VM: no QEMU in the lab has a NIC with its MAC';
}

export interface GuestQuestion {
  readonly lab: string;
  readonly hosts: readonly string[];
  readonly macs: readonly string[];
  readonly address: string;
  /** What the echo request carries. */
  readonly nonce: string;
  readonly ping: () => Promise<unknown>;
  readonly signal: AbortSignal;
}

/**
 * Why an echo reply is not taken for the guest's; null: one with the nonce has come out of a tap whose other end is a
 * QEMU with a NIC of that MAC. What comes out of a tap has been put in by whoever holds its descriptor, and by nobody
 * else.
 */
export async function doubtAbout({
  lab,
  hosts,
  macs,
  address,
  nonce,
  ping,
  signal,
}: GuestQuestion): Promise<string | null> {
  const own = await emulatorsWith(lab, { hosts, macs });
  const missing = noEmulator(own);
  if (missing !== null) return missing;
  const source = address.includes(':') ? 'icmpv6.type == 129 && ipv6' : 'icmp.type == 0 && ip';
  const bytes = nonce.match(/../g)?.join(':') ?? '';
  const filter = `${source}.src == ${address} && frame contains ${bytes}`;
  for (const { host, taps } of own) {
    const place = { machine: host, interfaces: taps };
    const seen = await capture({ lab, host, place, filter, enough: 1, timeoutMs: LISTEN_MS, meanwhile: ping, signal });
    if (seen > 0) return null;
  }
  return (
    'not by the VM: no reply came out of its tap ' +
    `(${own.map(({ host, taps }) => `${taps.join(', ')} on ${host}`).join('; ')})`
  );
}

const LISTEN_MS = 5000;
