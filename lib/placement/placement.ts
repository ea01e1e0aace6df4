import type { Topology, Vm } from '../model/topology.js';
import type { IncomingVm } from '../plan/desired.js';
import { knownMacs, type MovingMac } from '../plan/moving-macs.js';

/** Where a VM is. `coming`: it runs at `from`; `arrived`: at `to`, and `from` still holds what it needed there. */
export type Place =
  | { readonly kind: 'at'; readonly host: string }
  | {
      readonly kind: 'moving';
      readonly from: string;
      readonly to: string;
      readonly phase: 'coming' | 'arrived';
      /** What moves with it. */
      readonly macs: readonly MovingMac[];
      /** Memory that it will take at `to`, in bytes; 0 until it is known. */
      readonly neededBytes: number;
    };

/** What one host has to hold for all VMs, wherever they are or go: all that its network is planned from. */
export interface HostView {
  /** Each VM at the host that counts for this one: its new one from its arrival there on, else where it was. */
  readonly topology: Topology;
  /** VMs on their way to this host, and not here yet. */
  readonly incoming: readonly IncomingVm[];
  /** By VM that moves: the other end of its way. Tables may lead there as well. */
  readonly alsoAt: ReadonlyMap<string, string>;
}

/**
 * The ledger of places: it alone says where each VM is, and from it alone is computed what a host has to hold. One for
 * all migrations of a process that touch the same hosts: what one of them makes of a host, another would take away if
 * each had its own idea of where the VMs are.
 */
export class Placement {
  readonly #places: Map<string, Place>;

  /** @param topology every VM at the host where it is now */
  constructor(private readonly topology: Topology) {
    this.#places = new Map(topology.vms.map(({ name, host }) => [name, { kind: 'at', host }]));
  }

  /** @throws Error for a VM that is not there */
  placeOf(vm: string): Place {
    const place = this.#places.get(vm);
    if (place === undefined) throw new Error(`no VM ${vm} in topology ${this.topology.name}`);
    return place;
  }

  /** It is to move; a host's view of it changes with this. @throws Error where it moves already, or is not at `from` */
  depart(vm: string, { from, to }: { readonly from: string; readonly to: string }): void {
    const place = this.placeOf(vm);
    if (place.kind !== 'at' || place.host !== from || from === to)
      throw new Error(`${vm} cannot leave ${from} for ${to}: it is ${placeText(place)}`);
    this.#places.set(vm, { kind: 'moving', from, to, phase: 'coming', macs: this.#knownMacs(vm), neededBytes: 0 });
  }

  /** What moves with it is known better by now. */
  carry(vm: string, what: { readonly macs?: readonly MovingMac[]; readonly neededBytes?: number }): void {
    this.#places.set(vm, { ...this.#moving(vm), ...what });
  }

  /** It runs at its new host; the old one still holds what it needed. */
  arrive(vm: string): void {
    this.#places.set(vm, { ...this.#moving(vm), phase: 'arrived' });
  }

  /** It is at its new host, and at no other. */
  settle(vm: string): void {
    this.#places.set(vm, { kind: 'at', host: this.#moving(vm).to });
  }

  /** It has not moved. */
  stay(vm: string): void {
    this.#places.set(vm, { kind: 'at', host: this.#moving(vm).from });
  }

  /** What VMs that are on their way to a host will take of its memory, in bytes, but for one of them. */
  promisedBytes(host: string, butFor: string): number {
    return [...this.#places].reduce((sum, [vm, place]) => {
      const counts = place.kind === 'moving' && place.to === host && place.phase === 'coming' && vm !== butFor;
      return sum + (counts ? place.neededBytes : 0);
    }, 0);
  }

  /** VMs that are at that host and do not move. */
  restingAt(host: string): readonly string[] {
    return [...this.#places].flatMap(([vm, place]) => (place.kind === 'at' && place.host === host ? [vm] : []));
  }

  /** The topology with each VM where it runs. */
  get current(): Topology {
    return this.#withVms((place) =>
      place.kind === 'at' ? place.host : place.phase === 'arrived' ? place.to : place.from,
    );
  }

  viewOf(host: string): HostView {
    const moving = this.topology.vms.flatMap(({ name }) => {
      const place = this.placeOf(name);
      return place.kind === 'moving' ? [{ name, place }] : [];
    });
    const hereBy = (place: Place) => {
      if (place.kind === 'at') return place.host;
      return place.to === host && place.phase === 'arrived' ? place.to : place.from;
    };
    return {
      topology: this.#withVms(hereBy),
      incoming: moving.flatMap(({ name, place }) =>
        place.to === host && place.phase === 'coming' ? [{ vm: name, macs: place.macs }] : [],
      ),
      alsoAt: new Map(moving.map(({ name, place }) => [name, hereBy(place) === place.from ? place.to : place.from])),
    };
  }

  #withVms(hostOf: (place: Place) => string): Topology {
    return { ...this.topology, vms: this.topology.vms.map((vm) => ({ ...vm, host: hostOf(this.placeOf(vm.name)) })) };
  }

  #moving(vm: string): Extract<Place, { kind: 'moving' }> {
    const place = this.placeOf(vm);
    if (place.kind !== 'moving') throw new Error(`${vm} does not move: it is ${placeText(place)}`);
    return place;
  }

  #knownMacs(name: string): readonly MovingMac[] {
    const vm = this.topology.vms.find((candidate): candidate is Vm => candidate.name === name);
    return vm === undefined ? [] : knownMacs(this.topology, vm);
  }
}

function placeText(place: Place): string {
  return place.kind === 'at' ? `at ${place.host}` : `on its way from ${place.from} to ${place.to}`;
}
