import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { VxmigError } from '../model/errors.js';
import type { LabEvent, LabWarning } from '../model/lab-event.js';
import type { Topology } from '../model/topology.js';
import { dismantleLab } from './down.js';
import { knownHosts } from './host-files.js';
import { lockLab } from './lab-lock.js';
import { type LabState, type LabStateStore, readLabState } from './lab-state.js';
import { applyLinkOperations } from './link-operations.js';
import { raiseMachineSettings } from './machine-settings.js';
import { planManagementBridge } from './network-plan.js';
import { openState } from './open-state.js';
import { checkMachine } from './preflight.js';
import { isLabProcess } from './processes.js';
import { allDone } from './settle.js';
import { createIdentities, fingerprintOfLine, type LabIdentities, writeControllerSsh } from './ssh-identities.js';
import { connectHost, type StartContext, startHost } from './start-host.js';
import { startRouter } from './start-router.js';
import { startStorageServer } from './start-storage-server.js';
import { storageServers } from './storage-servers.js';

/** Of the hosts. With all of a large lab at once each daemon's start would take longer than it may. */
const LEAST_AT_ONCE = 8;

export interface LabUpOptions {
  /** Give the hosts /dev/kvm; only where a guest was seen to boot with it. Default: false, guests run under TCG. */
  readonly kvm?: boolean;
  /** Ends the building at the next step; a lab that this call began is then removed again. */
  readonly signal?: AbortSignal;
}

/**
 * Builds the topology's hosts on this machine, or what is missing of them; a second call finds nothing to do.
 * When it fails, what was made stays for reading its logs, and `labDown` removes it.
 * @throws VxmigError HOST_UNFIT (nothing was made), CLASH (the lab is up for another topology), LOCKED, INTERRUPTED,
 * LAB
 */
export async function labUp(
  topology: Topology,
  emit: (event: LabEvent) => void,
  options: LabUpOptions = {},
): Promise<LabState> {
  const since = performance.now();
  const lab = topology.name;
  const signal = options.signal ?? new AbortController().signal;
  const machineWarnings = await checkMachine(topology);
  const lock = await lockLab(lab);
  try {
    const fresh = (await readLabState(lab)) === null;
    try {
      signal.throwIfAborted();
      const store = await openState(topology);
      const hosts = topology.hosts.map((host) => host.name);
      emit({ kind: 'lab-started', lab, hosts, management: store.state.management.cidr });
      const warnings = [...machineWarnings, ...(await raiseMachineSettings(topology))];
      const changed = await converge(store, warnings, { emit, signal, kvm: options.kvm ?? false });
      await store.update({ phase: 'up' });
      emit({ kind: 'lab-up', lab, durationMs: Math.round(performance.now() - since), changed });
      return store.state;
    } catch (error) {
      throw signal.aborted ? await interrupted(lab, fresh, emit) : asLabError(error, lab);
    }
  } finally {
    await lock.release();
  }
}

async function converge(
  store: LabStateStore,
  machineWarnings: readonly LabWarning[],
  how: Pick<StartContext, 'emit' | 'signal' | 'kvm'>,
): Promise<boolean> {
  const { topology, management } = store.state;
  const identities = await createIdentities(topology);
  await recordHostKeys(store, identities);
  await applyLinkOperations(planManagementBridge(management));
  const router = await startRouter(store, machineWarnings, how.emit);
  const context: StartContext = { store, identities, router: router.inside, ...how };
  if (router.fresh) await reconnectLivingHosts(context);
  for (const server of storageServers(topology)) await startStorageServer(context, server, router.fresh);
  const limit = pLimit(Math.max(LEAST_AT_ONCE, 2 * availableParallelism()));
  const changed = await allDone(topology.hosts.map((host) => limit(() => startHost(context, host))));
  return router.fresh || changed.includes(true);
}

async function recordHostKeys(store: LabStateStore, identities: LabIdentities): Promise<void> {
  const hosts = store.state.hosts.map((host) => {
    const key = identities.hosts.get(host.name)?.host.publicKey;
    return key === undefined ? host : { ...host, hostKey: fingerprintOfLine(key) };
  });
  await store.update({ hosts });
  const addresses = new Map(hosts.map((host) => [host.name, host.managementAddress]));
  await writeControllerSsh(store.state.name, knownHosts(store.state, identities), addresses);
}

/** Hosts that outlived their router lost eth0 with it. */
async function reconnectLivingHosts(context: StartContext): Promise<void> {
  const { name: lab, topology } = context.store.state;
  for (const host of topology.hosts) {
    const { pid, phase } = context.store.host(host.name);
    if (phase === 'ready' && pid !== null && (await isLabProcess(pid, lab, host.name))) {
      await connectHost(context, host, pid);
    }
  }
}

async function interrupted(lab: string, fresh: boolean, emit: (event: LabEvent) => void): Promise<VxmigError> {
  if (!fresh) {
    return new VxmigError(
      'INTERRUPTED',
      `Interrupted. The lab "${lab}" was there before and stays; up again fixes it.`,
    );
  }
  const { left } = await dismantleLab(lab, emit);
  const what = left.length === 0 ? 'What had been made was removed.' : `Left behind: ${left.join(', ')}.`;
  return new VxmigError('INTERRUPTED', `Interrupted. ${what}`);
}

function asLabError(error: unknown, lab: string): unknown {
  if (!(error instanceof VxmigError) || error.code !== 'COMMAND_FAILED') return error;
  return new VxmigError('LAB', `The lab "${lab}" could not be brought up: ${error.message}`, {
    hint: `\`vxmig lab down ${lab}\` removes what was made; then try again.`,
    where: error.where ?? lab,
    cause: error,
  });
}
