import type { WantedNic } from '../compute/driver.js';
import type { StorageProof } from '../model/disk.js';
import type { CopyStorage } from '../model/disk-copy.js';
import type { VxmigError } from '../model/errors.js';
import type { StrategySettings } from '../model/strategy-settings.js';
import type { Topology, Vm } from '../model/topology.js';
import type { Transport } from '../negotiate/configuration.js';
import type { Exchange } from '../negotiate/exchange.js';
import type { Offers } from '../negotiate/offer.js';
import type { Request } from '../negotiate/request.js';
import type { Placement } from '../placement/placement.js';
import { expectedAt } from '../plan/expected-place.js';
import type { Strategy } from '../strategies/strategy.js';
import type { Clocks } from './clocks.js';
import type { HostParts } from './host-parts.js';
import type { Journal } from './journal.js';
import type { Probes } from './probes.js';
import type { Switchover } from './switchover.js';

export interface MigrationOptions extends StrategySettings {
  /** A name of the registry. */
  readonly strategy: string;
  readonly bandwidthBytesPerSecond: number | null;
  /** For the whole copy of the memory; disks may take as long as they come forward. */
  readonly timeoutMs: number;
  readonly copyStorage: CopyStorage | null;
  /** Frames for the VM are sent ahead to its new host while it is paused, and wait there. */
  readonly redirect: boolean;
}

/** What a migration is given; nothing of it changes but the ledger of places. */
export interface Migration {
  /** Hosts, networks and VMs by name. Where the VMs are is told by the ledger. */
  readonly topology: Topology;
  readonly placement: Placement;
  readonly vm: Vm;
  /** The drivers' name of it. */
  readonly domain: string;
  /** With the taps that they have on whatever host the VM is. */
  readonly nics: readonly WantedNic[];
  readonly source: HostParts;
  readonly destination: HostParts;
  readonly hosts: readonly HostParts[];
  readonly options: MigrationOptions;
  readonly strategy: Strategy;
  readonly signal: AbortSignal;
  /** What both ends say to the VM's going as it stands; null: the source does not have it. */
  readonly lookAhead: () => Promise<Outlook | null>;
  /** What keeps the source from reaching the port to which the memory would be sent; null: nothing does. */
  readonly portSilence: () => Promise<VxmigError | null>;
}

/** What a look at the VM and at both ends has shown. */
export interface Outlook {
  readonly request: Request;
  readonly offers: Offers;
  /** To the request. */
  readonly answer: Exchange;
  /** null: not all of it is proven, and that has been refused. */
  readonly storage: StorageProof | null;
  /** Where the memory would be sent. */
  readonly transport: Transport | null;
  /** What is in the way, as far as it can be told before a move's turn has come; in one error. null: nothing is. */
  readonly obstacle: VxmigError | null;
  /** What comes along, and not as it was. */
  readonly remarks: readonly string[];
  /** What the hypervisor takes for it there, and how much of that is the guest's. */
  readonly neededBytes: number;
  readonly guestBytes: number;
}

/** A migration under way: what all stages share. What a stage finds it returns. */
export interface Run extends Migration {
  readonly journal: Journal;
  readonly clocks: Clocks;
  readonly switchover: Switchover;
  readonly probes: Probes;
}

/** Where a host's table should have the VM after the move: the destination, or for spokes the hub. */
export function expectedAfter({ topology, destination }: Migration, host: string, network: string): string {
  return expectedAt(topology, network, destination.name, host);
}

/** A spoke has the VM behind the hub before and after: there is nothing to converge. */
export function staysPut(migration: Migration, host: string, network: string): boolean {
  const before = expectedAt(migration.topology, network, migration.source.name, host);
  return before === expectedAfter(migration, host, network);
}
