import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { procBytes } from '../model/proc-figure.js';
import type { Topology } from '../model/topology.js';

const MIB = 2 ** 20;

/** Of what is free; the rest is for what nobody reckons with. */
const SHARE_OF_MEMORY = 0.8;

/** A grading without a lab: Node with a topology in it (80 MiB measured). */
const STATIC_BYTES = 128 * MIB;

/**
 * What a lab takes, with room: of the proportional shares (PSS) measured on two-subnets, a host has 40 MiB (Open
 * vSwitch, libvirtd, sshd), a guest 25 to 90 MiB more than its memory.
 */
const LAB_BYTES = { controller: 192 * MIB, host: 64 * MIB, vm: 128 * MIB };

/** A lab's hosts wait for each other; two that share a CPU make each other's migrations late. */
const CPUS_PER_LAB = 2;

export interface MachineRoom {
  readonly availableBytes: number;
  readonly cpus: number;
}

/** What one grading takes of the machine. `lab`: a lab like `topology`; null: nobody knows how large it is. */
export type Need = { readonly kind: 'file' } | { readonly kind: 'lab'; readonly topology: Topology | null };

/** How many students may be graded at the same time; at least 1, also where there is no room for one. */
export function jobsFor(need: Need, { availableBytes, cpus }: MachineRoom): number {
  const bytes = bytesFor(need);
  if (bytes === null) return 1;
  const byMemory = (availableBytes * SHARE_OF_MEMORY) / bytes;
  const byCpus = need.kind === 'lab' ? cpus / CPUS_PER_LAB : cpus;
  return Math.max(1, Math.floor(Math.min(byMemory, byCpus)));
}

function bytesFor(need: Need): number | null {
  if (need.kind === 'file') return STATIC_BYTES;
  if (need.topology === null) return null;
  const { hosts, vms } = need.topology;
  const guests = vms.map(({ memoryBytes }) => memoryBytes + LAB_BYTES.vm);
  // The one that moves is at two hosts.
  const largest = Math.max(0, ...guests);
  return LAB_BYTES.controller + hosts.length * LAB_BYTES.host + guests.reduce((sum, guest) => sum + guest, largest);
}

/** This machine as it is now: MemAvailable of proc_meminfo(5), or less where a control group allows less. */
export async function observeRoom(): Promise<MachineRoom> {
  const available = procBytes(await readFile('/proc/meminfo', 'utf8'), 'MemAvailable');
  if (available === null) throw new Error('no MemAvailable in /proc/meminfo');
  // 0, and more than any machine has, stand for no limit.
  const allowed = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return { availableBytes: Math.min(available, allowed), cpus: availableParallelism() };
}
