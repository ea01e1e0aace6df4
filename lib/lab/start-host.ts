import { fileURLToPath } from 'node:url';
import type { LabEvent } from '../model/lab-event.js';
import type { Host } from '../model/topology.js';
import { type DaemonName, daemonsFor, type LabDaemon, observeDaemon, startDaemons } from './daemons.js';
import { hostFiles } from './host-files.js';
import type { LabStateStore } from './lab-state.js';
import { applyLinkOperations, type LinkOperation } from './link-operations.js';
import { planHostLinks, planHostPort, planManagementPort, segmentOf } from './network-plan.js';
import { isLabProcess, killAll, observeLabMachinePids } from './processes.js';
import { type Inside, runInside } from './run-inside.js';
import { allDone } from './settle.js';
import type { LabIdentities } from './ssh-identities.js';
import { startMachine } from './start-machine.js';
import { sentMount, storageMounts } from './storage-mounts.js';

const AGENT = fileURLToPath(new URL('./netns-agent.js', import.meta.url));

export interface StartContext {
  readonly store: LabStateStore;
  readonly identities: LabIdentities;
  readonly router: Inside;
  readonly kvm: boolean;
  readonly signal: AbortSignal;
  readonly emit: (event: LabEvent) => void;
}

/**
 * Makes one host what it should be: namespaces and links if it is not alive, and those daemons that do not answer.
 * A host that is alive keeps its links as they are: apply may have moved eth0's address to a bridge.
 * @returns whether anything had to be done
 * @throws VxmigError LAB
 */
export async function startHost(context: StartContext, host: Host): Promise<boolean> {
  const { store, emit } = context;
  const lab = store.state.name;
  const since = performance.now();
  const known = store.host(host.name);
  const alive = known.phase === 'ready' && known.pid !== null && (await isLabProcess(known.pid, lab, host.name));
  if (!alive) emit({ kind: 'lab-machine-starting', lab, machine: host.name });
  const pid = alive && known.pid !== null ? known.pid : await buildHost(context, host);
  const target = { inside: { lab, machine: host.name, pid }, managementAddress: known.managementAddress };
  const daemons = daemonsFor(store.state);
  const running = alive ? await runningDaemons(daemons, target) : new Set<DaemonName>();
  await startDaemons(daemons, target, running, (daemon, durationMs) => {
    emit({ kind: 'lab-daemon-started', lab, machine: host.name, daemon, durationMs });
    context.signal.throwIfAborted();
  });
  const changed = running.size < daemons.length;
  if (changed) {
    const durationMs = Math.round(performance.now() - since);
    emit({ kind: 'lab-machine-ready', lab, machine: host.name, durationMs });
  } else {
    emit({ kind: 'lab-machine-kept', lab, machine: host.name });
  }
  return changed;
}

/** Fresh namespaces, joined to both segments; returns their PID 1. */
async function buildHost(context: StartContext, host: Host): Promise<number> {
  const { store } = context;
  const lab = store.state.name;
  await store.updateMachine(host.name, { phase: 'starting', pid: null, startedAt: new Date().toISOString() });
  // What an interrupted `up` or a dead PID 1 left.
  await killAll(() => observeLabMachinePids(lab, host.name));
  context.signal.throwIfAborted();
  const files = hostFiles(store.state, host.name, context.identities);
  const { limits } = store.state;
  const { topology } = store.state;
  const mounts = [...storageMounts(topology, host.name), ...sentMount(topology, host.name)];
  const machine = await startMachine({
    ...{ lab, name: host.name, files, limits, mounts },
    ...{ forwards: false, kvm: context.kvm },
  });
  await store.updateMachine(host.name, { pid: machine.pid });
  await allDone([machine.ready, connectHost(context, host, machine.pid)]);
  await store.updateMachine(host.name, { phase: 'ready' });
  return machine.pid;
}

/** Links of a host whose namespace has none yet, or lost eth0 together with the router. */
export async function connectHost(context: StartContext, host: Host, pid: number): Promise<void> {
  const { topology, management, name: lab } = context.store.state;
  const state = context.store.host(host.name);
  const inside: Inside = { lab, machine: host.name, pid };
  await allDone([
    applyInside(context.router, planHostPort(lab, host, segmentOf(topology, host), pid)),
    applyLinkOperations(planManagementPort(lab, management, state, pid)),
  ]);
  await applyInside(inside, planHostLinks(topology, host, state, management.prefixLength));
  // The userspace datapath takes frames from eth0 as they are: a checksum left to the NIC would never be filled in.
  await runInside(inside, ['ethtool', '-K', 'eth0', 'tx', 'off'], { enter: 'network' });
}

/** Applies link operations inside a machine's network namespace, through a process there. */
export async function applyInside(inside: Inside, operations: readonly LinkOperation[]): Promise<void> {
  await runInside(inside, [process.execPath, AGENT], { enter: 'network', input: JSON.stringify(operations) });
}

async function runningDaemons(
  daemons: readonly LabDaemon[],
  target: Parameters<typeof observeDaemon>[1],
): Promise<Set<DaemonName>> {
  const answers = await Promise.all(daemons.map((daemon) => observeDaemon(daemon, target)));
  return new Set(answers.filter((answer) => answer.answers).map((answer) => answer.name));
}
