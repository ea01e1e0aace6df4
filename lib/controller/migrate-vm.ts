import type { EventBus } from '../events/event-bus.js';
import { runId } from '../events/run-id.js';
import { keepJournal } from '../events/run-journal.js';
import type { HostParts } from '../migration/host-parts.js';
import { migrate } from '../migration/migrate.js';
import { messageOf, VxmigError } from '../model/errors.js';
import type { RunRecord } from '../model/run-record.js';
import type { Topology, Vm } from '../model/topology.js';
import { VERSION } from '../model/version.js';
import { Placement } from '../placement/placement.js';
import { domainOf, nicsOf } from '../plan/desired-vms.js';
import { hostOf } from '../plan/topology-parts.js';
import { writeRun } from '../report/run-file.js';
import { strategyFor } from '../strategies/registry.js';
import type { Controller } from './controller.js';
import { hostParts } from './host-parts.js';
import { type MigrateOverrides, migrateOptions } from './migrate-options.js';
import { outlookOf, portSilenceOf } from './outlook.js';

export interface MigrateVmRequest {
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  /** Hears of it as of a run of its own. */
  readonly bus: EventBus;
  readonly signal: AbortSignal;
  readonly overrides: MigrateOverrides;
}

export interface MigratedVm {
  readonly record: RunRecord;
  /** The run's file, for `vxmig report`, or why it could not be kept: the VM has moved all the same. */
  readonly kept: { readonly file: string } | { readonly lost: string };
}

/** Who moves VMs at the same time, by one ledger. */
export class Movers {
  readonly #placement: Placement;
  readonly #hosts: readonly HostParts[];

  /** @param current the topology with every VM where it runs now */
  constructor(
    private readonly controller: Controller,
    private readonly current: Topology,
  ) {
    this.#placement = new Placement(current);
    this.#hosts = hostParts(controller, this.#placement);
  }

  /** One live migration; its run is kept as a file whatever the outcome, where that can be done. */
  async migrate(request: MigrateVmRequest, othersMoving: readonly string[] = []): Promise<MigratedVm> {
    const record = await this.move(request, othersMoving);
    const kept = await writeRun(record).then(
      (file) => ({ file }),
      (error: unknown) => ({ lost: messageOf(error) }),
    );
    return { record, kept };
  }

  /** The same for whoever does not want it among the user's runs. */
  async move(request: MigrateVmRequest, othersMoving: readonly string[] = []): Promise<RunRecord> {
    const { from, to, bus, signal } = request;
    const { current } = this;
    const vm = vmOf(current, request.vm);
    const options = migrateOptions(vm.migration, request.overrides);
    const asked = { ...vm, migration: { ...vm.migration, copyStorage: options.copyStorage } };
    const journey = { vm: asked, from: hostOf(current, from), to: hostOf(current, to) };
    const id = runId(Date.now(), current.name, vm.name);
    const journal = keepJournal(bus, id);
    const run = await migrate(
      {
        topology: current,
        placement: this.#placement,
        vm,
        domain: domainOf(vm),
        nics: nicsOf(current, vm),
        source: this.#host(from),
        destination: this.#host(to),
        hosts: this.#hosts,
        options,
        strategy: strategyFor(options),
        signal,
        lookAhead: () => outlookOf(this.controller, journey),
        portSilence: () => portSilenceOf(this.controller, journey),
      },
      {
        emit: bus.forRun(id),
        watching: { topology: current, vm: vm.name, othersMoving, host: (name) => this.#host(name) },
      },
    ).finally(() => journal.close());
    return { ...run, id, events: journal.events(), vxmig: VERSION };
  }

  #host(name: string): HostParts {
    const found = this.#hosts.find((host) => host.name === name);
    if (found === undefined) throw new VxmigError('NOT_FOUND', `the topology has no host ${name}`, { where: name });
    return found;
  }
}

function vmOf(topology: Topology, name: string): Vm {
  const vm = topology.vms.find((candidate) => candidate.name === name);
  if (vm !== undefined) return vm;
  const known = topology.vms.map((candidate) => candidate.name).join(', ') || 'none';
  throw new VxmigError('NOT_FOUND', `the topology has no VM ${name}; it has: ${known}`, { where: name });
}
