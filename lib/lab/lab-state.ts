import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { VxmigError } from '../model/errors.js';
import type { LabWarning } from '../model/lab-event.js';
import type { Topology } from '../model/topology.js';
import { labDirectory, stateFile } from './lab-directory.js';
import type { MachineLimits } from './limits.js';

/**
 * What is known about a lab, written before each thing is made, so that whoever comes after a killed `up` can go on.
 */
export interface LabState {
  readonly version: 1;
  readonly name: string;
  readonly createdAt: string;
  readonly phase: 'starting' | 'up';
  readonly topology: Topology;
  /**
   * Its hosts run libvirt. They keep it when the file's last VM goes, for then there is still one to be removed from
   * them.
   */
  readonly libvirt: boolean;
  readonly management: ManagementSegment;
  /** Of each machine; those that are alive keep what they were started with. */
  readonly limits: MachineLimits;
  readonly router: MachineState;
  readonly storageServers: readonly MachineState[];
  readonly hosts: readonly LabHostState[];
  readonly warnings: readonly LabWarning[];
}

/** The segment over which the controller reaches the hosts; it is not part of the topology. */
export interface ManagementSegment {
  readonly cidr: string;
  readonly prefixLength: number;
  readonly controllerAddress: string;
  /** The bridge in the machine's own network namespace. */
  readonly bridge: string;
}

/** One set of namespaces. */
export interface MachineState {
  readonly name: string;
  /** `ready`: its links and files are complete; anything else is thrown away and begun afresh by the next `up`. */
  readonly phase: 'planned' | 'starting' | 'ready';
  /** Its PID 1, as the machine outside counts. */
  readonly pid: number | null;
  readonly startedAt: string | null;
}

export interface LabHostState extends MachineState {
  readonly managementAddress: string;
  /** The host's port of the management bridge. */
  readonly managementPort: string;
  /** `SHA256:…` */
  readonly hostKey: string;
}

export async function readLabState(lab: string): Promise<LabState | null> {
  let text: string;
  try {
    text = await readFile(stateFile(lab), 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  return JSON.parse(text) as LabState;
}

/** @throws VxmigError NOT_FOUND */
export async function requireLabState(lab: string, known: () => Promise<readonly string[]>): Promise<LabState> {
  const state = await readLabState(lab);
  if (state !== null) return state;
  const names = await known();
  throw new VxmigError('NOT_FOUND', `There is no lab "${lab}" on this machine.`, {
    hint: names.length === 0 ? 'No lab is up; `vxmig lab up FILE` builds one.' : `Labs here: ${names.join(', ')}.`,
    where: lab,
  });
}

/** Keeps the state of one lab: every change is on disk, whole, before it is acted upon. */
export class LabStateStore {
  private writing: Promise<void> = Promise.resolve();

  constructor(private current: LabState) {}

  get state(): LabState {
    return this.current;
  }

  host(name: string): LabHostState {
    const host = this.current.hosts.find((candidate) => candidate.name === name);
    if (host === undefined) throw new Error(`the lab's state has no host ${name}`);
    return host;
  }

  async save(): Promise<void> {
    await this.update({});
  }

  async update(change: Partial<LabState>): Promise<void> {
    this.current = { ...this.current, ...change };
    // One after the other: the hosts start in parallel, and the last state must be the last one written.
    this.writing = this.writing.then(() => writeLabState(this.current));
    await this.writing;
  }

  /** They have no name in common: preflight.ts refuses hosts that are called as the others. */
  async updateMachine(name: string, change: Partial<MachineState>): Promise<void> {
    if (name === this.current.router.name) return this.update({ router: { ...this.current.router, ...change } });
    const hosts = this.current.hosts.map((host) => (host.name === name ? { ...host, ...change } : host));
    const storageServers = this.current.storageServers.map((one) => (one.name === name ? { ...one, ...change } : one));
    return this.update({ hosts, storageServers });
  }
}

async function writeLabState(state: LabState): Promise<void> {
  await mkdir(labDirectory(state.name), { recursive: true, mode: 0o755 });
  const file = stateFile(state.name);
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, `${JSON.stringify(state, null, 2)}\n`);
  await rename(fresh, file);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
