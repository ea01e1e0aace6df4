import type { LabWarning } from '../model/lab-event.js';
import { type DaemonAnswer, daemonsFor, observeDaemon } from './daemons.js';
import { type LabHostState, type LabState, type MachineState, requireLabState } from './lab-state.js';
import type { MachineLimits } from './limits.js';
import { observeLabNames } from './list.js';
import { isLabProcess } from './processes.js';

export interface LabStatus {
  readonly name: string;
  readonly phase: LabState['phase'];
  readonly createdAt: string;
  readonly management: { readonly cidr: string; readonly controllerAddress: string };
  readonly limits: MachineLimits;
  readonly router: MachineStatus;
  readonly hosts: readonly LabHostStatus[];
  /** What the lab does otherwise than the topology asks. */
  readonly warnings: readonly LabWarning[];
  /** Every machine is alive and every daemon answers. */
  readonly healthy: boolean;
}

export interface MachineStatus {
  readonly name: string;
  readonly alive: boolean;
  /** PID 1 of its namespaces, as the machine outside counts. */
  readonly pid: number | null;
  readonly uptimeMs: number | null;
}

export interface LabHostStatus extends MachineStatus {
  readonly managementAddress: string;
  /** The VTEP's. */
  readonly addresses: readonly string[];
  readonly daemons: readonly DaemonAnswer[];
}

/**
 * Asks each daemon of each host.
 * @throws VxmigError NOT_FOUND
 */
export async function labStatus(lab: string): Promise<LabStatus> {
  const state = await requireLabState(lab, observeLabNames);
  const [router, hosts] = await Promise.all([
    observeMachine(lab, state.router),
    Promise.all(state.hosts.map((host) => observeHost(state, host))),
  ]);
  const answering = hosts.every((host) => host.alive && host.daemons.every((daemon) => daemon.answers));
  return {
    name: lab,
    phase: state.phase,
    createdAt: state.createdAt,
    management: { cidr: state.management.cidr, controllerAddress: state.management.controllerAddress },
    limits: state.limits,
    router,
    hosts,
    warnings: state.warnings,
    healthy: state.phase === 'up' && router.alive && answering,
  };
}

async function observeMachine(lab: string, machine: MachineState): Promise<MachineStatus> {
  const { name, pid, startedAt } = machine;
  const alive = pid !== null && (await isLabProcess(pid, lab, name));
  const uptimeMs = alive && startedAt !== null ? Date.now() - Date.parse(startedAt) : null;
  return { name, alive, pid: alive ? pid : null, uptimeMs };
}

async function observeHost(state: LabState, host: LabHostState): Promise<LabHostStatus> {
  const machine = await observeMachine(state.name, host);
  const addresses = state.topology.hosts.find((candidate) => candidate.name === host.name)?.addresses ?? [];
  const { managementAddress } = host;
  const { pid } = machine;
  const wanted = daemonsFor(state);
  if (pid === null) {
    const daemons = wanted.map(({ name }) => ({ name, answers: false, detail: 'the host is down' }));
    return { ...machine, managementAddress, addresses, daemons };
  }
  const target = { inside: { lab: state.name, machine: host.name, pid }, managementAddress };
  const daemons = await Promise.all(wanted.map((daemon) => observeDaemon(daemon, target)));
  return { ...machine, managementAddress, addresses, daemons };
}
