import type { LabEvent, LabWarning } from '../model/lab-event.js';
import { machineFiles } from './host-files.js';
import { ROUTER, segmentGateway } from './lab-names.js';
import type { LabStateStore } from './lab-state.js';
import { planRouter } from './network-plan.js';
import { isLabProcess, killAll, observeLabMachinePids } from './processes.js';
import { type Inside, runInside } from './run-inside.js';
import { allDone } from './settle.js';
import { shapeSegment } from './shaping.js';
import { applyInside } from './start-host.js';
import { startMachine } from './start-machine.js';

export interface StartedRouter {
  readonly inside: Inside;
  /** It was not alive: hosts that are have lost the links that led to it. */
  readonly fresh: boolean;
}

/**
 * Makes the namespace that joins the underlay segments, if it is not alive; tells what of the shaping the kernel
 * refuses.
 * @throws VxmigError LAB
 */
export async function startRouter(
  store: LabStateStore,
  machineWarnings: readonly LabWarning[],
  emit: (event: LabEvent) => void,
): Promise<StartedRouter> {
  const { name: lab, router } = store.state;
  if (router.phase === 'ready' && router.pid !== null && (await isLabProcess(router.pid, lab, ROUTER))) {
    for (const warning of store.state.warnings) emit({ kind: 'lab-warning', lab, warning });
    emit({ kind: 'lab-machine-kept', lab, machine: ROUTER });
    return { inside: { lab, machine: ROUTER, pid: router.pid }, fresh: false };
  }
  const since = performance.now();
  emit({ kind: 'lab-machine-starting', lab, machine: ROUTER });
  const inside = await buildRouter(store);
  const shaped = await allDone(store.state.topology.underlay.map((segment) => shapeSegment(inside, segment)));
  const warnings = [...machineWarnings, ...shaped.flat()];
  for (const warning of warnings) emit({ kind: 'lab-warning', lab, warning });
  await store.update({ warnings });
  await store.updateMachine(ROUTER, { phase: 'ready' });
  emit({ kind: 'lab-machine-ready', lab, machine: ROUTER, durationMs: Math.round(performance.now() - since) });
  return { inside, fresh: true };
}

async function buildRouter(store: LabStateStore): Promise<Inside> {
  const { name: lab, topology, limits } = store.state;
  await store.updateMachine(ROUTER, { phase: 'starting', pid: null, startedAt: new Date().toISOString() });
  await killAll(() => observeLabMachinePids(lab, ROUTER));
  const files = machineFiles(store.state, ROUTER);
  const machine = await startMachine({ lab, name: ROUTER, files, limits, forwards: true, kvm: false, mounts: [] });
  await store.updateMachine(ROUTER, { pid: machine.pid });
  const inside: Inside = { lab, machine: ROUTER, pid: machine.pid };
  await machine.ready;
  await applyInside(inside, planRouter(topology.underlay));
  // Open vSwitch in userspace takes frames as they are sent: without their checksum a host would drop what the router
  // itself says by TCP.
  for (const { name } of topology.underlay)
    await runInside(inside, ['ethtool', '-K', segmentGateway(name), 'tx', 'off'], { enter: 'network' });
  return inside;
}
