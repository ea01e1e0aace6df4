import type { EventBus } from '../events/event-bus.js';
import { runId } from '../events/run-id.js';
import { keepJournal } from '../events/run-journal.js';
import type { MigrationContext, MigrationOptions } from '../migration/context.js';
import { ALLOWED_DOWNTIME_MS } from '../migration/gate.js';
import { migrate } from '../migration/migrate.js';
import { probesOf } from '../migration/probes.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { RunRecord } from '../model/run-record.js';
import type { Topology, Vm } from '../model/topology.js';
import { VERSION } from '../model/version.js';
import { domainOf, hostOf, vtepOf } from '../plan/desired.js';
import { expectedPlace } from '../plan/expected-place.js';
import { knownMacs } from '../plan/moving-macs.js';
import { withVmsAt } from '../plan/plan.js';
import { writeRun } from '../report/run-file.js';
import type { Controller } from './controller.js';
import { libvirtUriOf } from './host-address.js';
import { outlookOf, portSilenceOf } from './outlook.js';

/** What the command line says over the topology. */
export type MigrateOverrides = Partial<MigrationOptions>;

export interface MigrateVmRequest {
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  /** The topology with every VM where it runs now. */
  readonly current: Topology;
  /** Hears of it as of a run of its own. */
  readonly bus: EventBus;
  readonly signal: AbortSignal;
  readonly overrides: MigrateOverrides;
}

export interface MovedVm {
  readonly record: RunRecord;
  /** The topology with the VM where it is afterwards. */
  readonly topology: Topology;
}

export interface MigratedVm extends MovedVm {
  /** The run's file, for `vxmig report`, or why it could not be kept: the VM has moved all the same. */
  readonly kept: { readonly file: string } | { readonly lost: string };
}

/** One live migration; its run is kept as a file whatever the outcome, where that can be done. */
export async function migrateVm(controller: Controller, request: MigrateVmRequest): Promise<MigratedVm> {
  const moved = await moveVm(controller, request);
  const kept = await writeRun(moved.record).then(
    (file) => ({ file }),
    (error: unknown) => ({ lost: messageOf(error) }),
  );
  return { ...moved, kept };
}

/** The same for whoever does not want it among the user's runs. */
export async function moveVm(controller: Controller, request: MigrateVmRequest): Promise<MovedVm> {
  const { current, from, to, bus, signal } = request;
  const vm = vmOf(current, request.vm);
  const hosts = current.hosts.map((host) => controller.migrationHost(host.name, current));
  const host = (name: string) => {
    const found = hosts.find((candidate) => candidate.name === name);
    if (found === undefined) throw new VxmigError('NOT_FOUND', `the topology has no host ${name}`, { where: name });
    return found;
  };
  const target = hostOf(current, to);
  const afterwards = withVmsAt(current, [[vm.name, to]]);
  const id = runId(Date.now(), current.name, vm.name);
  const context: MigrationContext = {
    topology: current,
    vm,
    domain: domainOf(vm),
    source: host(from),
    destination: host(to),
    hosts,
    destinationUri: libvirtUriOf(target),
    destinationAddress: vtepOf(target),
    options: { ...vm.migration, redirect: true, ...request.overrides },
    emit: bus.forRun(id),
    signal,
    followers: [],
    fdbFollowers: [],
    probes: probesOf(current, host),
    fdbMoves: new Map(),
    lookAhead: () => outlookOf(controller, { vm, from: hostOf(current, from), to: target }),
    portSilence: () => portSilenceOf(controller, { vm, from: hostOf(current, from), to: target }),
    expectedPlace: (observer, network) => expectedPlace(afterwards, network, vm.name, observer),
    staysPut: (observer, network) =>
      expectedPlace(current, network, vm.name, observer) === expectedPlace(afterwards, network, vm.name, observer),
    macs: knownMacs(current, vm),
    left: [],
    seen: new Map(),
    covering: null,
    clocks: new Map(),
    domainXml: '',
    unlinked: [],
    storage: null,
    autostart: false,
    command: null,
    control: null,
    downtimeMs: ALLOWED_DOWNTIME_MS,
    copyBeganAtMs: null,
    stoppedAtMs: null,
    resumedAtMs: null,
    unready: null,
    queuesBefore: null,
    redirects: [],
    armings: [],
    held: false,
    copyOn: null,
    armingAtMs: null,
    armedAtMs: null,
    liftedAtMs: null,
    transfer: null,
    arrival: null,
    announced: { rarp: 0, garp: 0, na: 0 },
    convergence: [],
    proofs: [],
    repairs: [],
    queuesAfter: null,
  };
  const journal = keepJournal(bus, id);
  try {
    const run = await migrate(context);
    const record = { ...run, id, events: journal.events(), vxmig: VERSION };
    return { record, topology: run.result.outcome === 'migrated' ? afterwards : current };
  } finally {
    journal.close();
  }
}

function vmOf(topology: Topology, name: string): Vm {
  const vm = topology.vms.find((candidate) => candidate.name === name);
  if (vm !== undefined) return vm;
  const known = topology.vms.map((candidate) => candidate.name).join(', ') || 'none';
  throw new VxmigError('NOT_FOUND', `the topology has no VM ${name}; it has: ${known}`, { where: name });
}
