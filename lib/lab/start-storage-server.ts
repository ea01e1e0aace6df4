import { type DaemonName, observeDaemon, startDaemons } from './daemons.js';
import { machineFiles } from './host-files.js';
import { segmentGateway } from './lab-names.js';
import { planStorageLinks, planStoragePort, segmentOfAddress } from './network-plan.js';
import { isLabProcess, killAll, observeLabMachinePids } from './processes.js';
import { type Inside, runInside } from './run-inside.js';
import { applyInside, type StartContext } from './start-host.js';
import { startMachine } from './start-machine.js';
import { ganeshaFile, STORAGE_DAEMONS } from './storage-daemons.js';
import type { StorageServer } from './storage-servers.js';

/**
 * Makes a storage server what it should be, as {@link startHost} does a host: without switch, libvirt and sshd, and
 * without a link to the controller. Whether anything had to be done.
 * @param isRouterFresh what it had of links to the router is gone
 * @throws VxmigError LAB
 */
export async function startStorageServer(
  context: Omit<StartContext, 'identities' | 'kvm'>,
  server: StorageServer,
  isRouterFresh: boolean,
): Promise<boolean> {
  const { store, emit, signal } = context;
  const { name: lab } = store.state;
  const since = performance.now();
  const known = store.state.storageServers.find(({ name }) => name === server.name);
  const alive =
    known?.phase === 'ready' && known.pid !== null && (await isLabProcess(known.pid, lab, server.name))
      ? known.pid
      : null;
  if (alive === null) emit({ kind: 'lab-machine-starting', lab, machine: server.name });
  const inside: Inside = { lab, machine: server.name, pid: alive ?? (await build(context, server)) };
  if (alive === null || isRouterFresh) await connect(context, server, inside);
  const target = { inside, managementAddress: '' };
  const answers = await Promise.all(STORAGE_DAEMONS.map((daemon) => observeDaemon(daemon, target)));
  const running = new Set<DaemonName>(alive === null ? [] : answers.flatMap((one) => (one.answers ? [one.name] : [])));
  await startDaemons(STORAGE_DAEMONS, target, running, (daemon, durationMs) => {
    emit({ kind: 'lab-daemon-started', lab, machine: server.name, daemon, durationMs });
    signal.throwIfAborted();
  });
  const changed = running.size < STORAGE_DAEMONS.length;
  const durationMs = Math.round(performance.now() - since);
  emit(
    changed
      ? { kind: 'lab-machine-ready', lab, machine: server.name, durationMs }
      : { kind: 'lab-machine-kept', lab, machine: server.name },
  );
  return changed;
}

async function build({ store, signal }: Pick<StartContext, 'store' | 'signal'>, server: StorageServer) {
  const { name: lab, limits } = store.state;
  const { name } = server;
  await store.updateMachine(name, { phase: 'starting', pid: null, startedAt: new Date().toISOString() });
  await killAll(() => observeLabMachinePids(lab, name));
  signal.throwIfAborted();
  const files = [...machineFiles(store.state, name), ganeshaFile(server)];
  const mounts = server.exports;
  const machine = await startMachine({ lab, name, files, limits, mounts, forwards: false, kvm: false });
  await store.updateMachine(name, { pid: machine.pid });
  await machine.ready;
  await store.updateMachine(name, { phase: 'ready' });
  return machine.pid;
}

async function connect(context: Pick<StartContext, 'store' | 'router'>, server: StorageServer, inside: Inside) {
  const { topology, name: lab } = context.store.state;
  const port = planStoragePort(lab, topology, server, inside.pid);
  await applyInside(context.router, port.operations);
  await applyInside(inside, planStorageLinks(topology, server));
  // As at the hosts: their switch takes frames as they are sent, and would drop what has no checksum yet.
  await runInside(inside, ['ethtool', '-K', 'eth0', 'tx', 'off'], { enter: 'network' });
  const segment = segmentOfAddress(topology, server.address);
  const end = segment === null ? port.device : segmentGateway(segment.name);
  await runInside(context.router, ['ethtool', '-K', end, 'tx', 'off'], { enter: 'network' });
}
