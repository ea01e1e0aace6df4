import type { VmDriver, VmSight } from '../../../lib/compute/driver.js';
import type { Observer } from '../../../lib/measure/observer.js';
import { Clocks } from '../../../lib/migration/clocks.js';
import type { HostParts } from '../../../lib/migration/host-parts.js';
import type { Images } from '../../../lib/migration/images.js';
import { Journal } from '../../../lib/migration/journal.js';
import type { Run } from '../../../lib/migration/migration.js';
import { Probes } from '../../../lib/migration/probes.js';
import { Switchover } from '../../../lib/migration/switchover.js';
import type { VxmigEvent } from '../../../lib/model/event.js';
import type { Topology } from '../../../lib/model/topology.js';
import type { NetworkPath } from '../../../lib/network/path.js';
import { Placement } from '../../../lib/placement/placement.js';
import { nicsOf } from '../../../lib/plan/desired-vms.js';
import { PRE_COPY } from '../../../lib/strategies/pre-copy.js';
import { DEFAULT_SETTINGS } from '../../../lib/strategies/registry.js';
import { outlook } from '../negotiate/ends.js';
import { topologyOf } from '../plan/hosts.js';

/** A host's parts of which a test gives what it needs; whatever else is used fails. */
export interface PartsGiven {
  readonly vms?: Partial<VmDriver>;
  readonly path?: Partial<NetworkPath>;
  readonly observer?: Partial<Observer>;
  readonly images?: Partial<Images>;
}

export function partsOf(name: string, { vms, path, observer, images = {} }: PartsGiven = {}): HostParts {
  return {
    name,
    vms: { host: name, ...vms } as VmDriver,
    path: { host: name, ...path } as NetworkPath,
    observer: { host: name, ...observer } as Observer,
    images: images as Images,
  };
}

export interface GivenRun {
  readonly topology?: Topology;
  readonly hosts?: readonly HostParts[];
  readonly run?: Partial<Run>;
}

/**
 * A run of VM web from the first of its hosts to the second one, which moves from the beginning on; with what it tells.
 */
export function runOf({ topology = topologyOf(), hosts, run = {} }: GivenRun = {}) {
  const [vm] = topology.vms;
  const all = hosts ?? topology.hosts.map(({ name }) => partsOf(name));
  const [source, destination] = all;
  if (vm === undefined || source === undefined || destination === undefined) throw new Error('too few');
  const told: VxmigEvent[] = [];
  const clocks = run.clocks ?? new Clocks();
  const placement = run.placement ?? new Placement(topology);
  if (placement.placeOf(vm.name).kind === 'at') placement.depart(vm.name, { from: source.name, to: destination.name });
  const watching = { topology: { ...topology, probes: [] }, vm: vm.name, othersMoving: [], host: () => source };
  const made: Run = {
    topology,
    placement,
    vm,
    domain: vm.source.kind === 'domain' ? vm.source.domain : vm.name,
    nics: nicsOf(topology, vm),
    source,
    destination,
    hosts: all,
    options: {
      strategy: 'pre-copy',
      bandwidthBytesPerSecond: null,
      timeoutMs: 10_000,
      copyStorage: null,
      ...DEFAULT_SETTINGS,
      redirect: true,
    },
    strategy: PRE_COPY,
    signal: new AbortController().signal,
    lookAhead: async () => outlook(),
    portSilence: async () => null,
    journal: new Journal(vm.name, (event) => told.push(event)),
    clocks,
    switchover: new Switchover(),
    probes: new Probes(watching, clocks),
    ...run,
  };
  return { run: made, told, warnings: () => told.flatMap((event) => (event.kind === 'warning' ? [event.text] : [])) };
}

/** A VM that runs as it should, but for what a test says. */
export function sight(how: Partial<VmSight> = {}): VmSight {
  const state = how.state ?? 'running';
  return {
    id: 'uuid-of-web',
    state,
    reason: '',
    isAlive: ['running', 'paused'].includes(state),
    pausedByMigration: false,
    startsWithHost: false,
    isTransient: false,
    memoryBytes: null,
    unlinkedMacs: [],
    pending: () => null,
    ...how,
  };
}
