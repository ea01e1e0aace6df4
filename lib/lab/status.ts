import type { LabWarning } from '../model/lab-event.js';
import { type DaemonAnswer, daemonsFor, type LabDaemon, observeDaemon } from './daemons.js';
import { type LabHostState, type LabState, type MachineState, requireLabState } from './lab-state.js';
import type { MachineLimits } from './limits.js';
import { observeLabNames } from './list.js';
import { isLabProcess } from './processes.js';
import { STORAGE_DAEMONS } from './storage-daemons.js';
import { type StorageServer, storageServers } from './storage-servers.js';

export interface LabStatus {
  readonly name: string;
  readonly phase: LabState['phase'];
  readonly createdAt: string;
  readonly management: { readonly cidr: string; readonly controllerAddress: string };
  readonly limits: MachineLimits;
  readonly router: MachineStatus;
  readonly storageServers: readonly StorageServerStatus[];
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

export interface StorageServerStatus extends MachineStatus {
  readonly addresses: readonly string[];
  readonly exports: readonly string[];
  readonly daemons: readonly DaemonAnswer[];
}

/**
 * Asks each daemon of each host and storage server.
 * @throws VxmigError NOT_FOUND
 */
export async function labStatus(lab: string): Promise<LabStatus> {
  const state = await requireLabState(lab, observeLabNames);
  const [router, servers, hosts] = await Promise.all([
    observeMachine(lab, state.router),
    Promise.all(storageServers(state.topology).map((server) => observeServer(state, server))),
    Promise.all(state.hosts.map((host) => observeHost(state, host))),
  ]);
  const answering = [...servers, ...hosts].every(
    (host) => host.alive && host.daemons.every((daemon) => daemon.answers),
  );
  return {
    name: lab,
    phase: state.phase,
    createdAt: state.createdAt,
    management: { cidr: state.management.cidr, controllerAddress: state.management.controllerAddress },
    limits: state.limits,
    router,
    storageServers: servers,
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
  const daemons = await answersOf(daemonsFor(state), { lab: state.name, machine: host.name, pid }, managementAddress);
  return { ...machine, managementAddress, addresses, daemons };
}

async function observeServer(state: LabState, { name, address, exports }: StorageServer): Promise<StorageServerStatus> {
  const known = state.storageServers.find((one) => one.name === name);
  const machine = await observeMachine(state.name, known ?? { name, phase: 'planned', pid: null, startedAt: null });
  const daemons = await answersOf(STORAGE_DAEMONS, { lab: state.name, machine: name, pid: machine.pid }, '');
  return { ...machine, addresses: [address], exports: exports.map(({ path }) => path), daemons };
}

async function answersOf(
  wanted: readonly LabDaemon[],
  { lab, machine, pid }: { readonly lab: string; readonly machine: string; readonly pid: number | null },
  managementAddress: string,
): Promise<DaemonAnswer[]> {
  if (pid === null) return wanted.map(({ name }) => ({ name, answers: false, detail: 'the machine is down' }));
  const target = { inside: { lab, machine, pid }, managementAddress };
  return Promise.all(wanted.map((daemon) => observeDaemon(daemon, target)));
}
