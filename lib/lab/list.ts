import { readdir } from 'node:fs/promises';
import { labsDirectory } from './lab-directory.js';
import { type LabState, readLabState } from './lab-state.js';
import { observeMarkedProcesses } from './processes.js';

export interface LabSummary {
  readonly name: string;
  /** `remains`: processes without a state file, which only `lab down` is of use for. */
  readonly phase: LabState['phase'] | 'remains';
  readonly createdAt: string | null;
  readonly hosts: readonly string[];
  readonly management: string | null;
}

/** Every lab on this machine, by name, half-made ones too. */
export async function labList(): Promise<LabSummary[]> {
  const states = await observeLabs();
  const named = new Set(states.map((state) => state.name));
  const orphans = new Set((await observeMarkedProcesses()).map((process) => process.lab));
  const summaries: LabSummary[] = states.map((state) => ({
    name: state.name,
    phase: state.phase,
    createdAt: state.createdAt,
    hosts: state.hosts.map((host) => host.name),
    management: state.management.cidr,
  }));
  for (const name of orphans) {
    if (!named.has(name)) summaries.push({ name, phase: 'remains', createdAt: null, hosts: [], management: null });
  }
  return summaries.sort((a, b) => a.name.localeCompare(b.name));
}

export async function observeLabs(): Promise<LabState[]> {
  const names = await readdir(labsDirectory()).catch(() => []);
  const states = await Promise.all(names.map((name) => readLabState(name)));
  return states.filter((state) => state !== null);
}

export async function observeLabNames(): Promise<string[]> {
  return (await labList()).map((lab) => lab.name);
}
