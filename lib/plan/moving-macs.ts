import { probeMac, tapName } from '../model/names.js';
import type { Nic, Topology, Vm } from '../model/topology.js';

/**
 * A MAC that moves with a VM: the NIC's own, or one of somebody behind it, such as a container behind a bridge in the
 * guest.
 */
export interface MovingMac {
  readonly network: string;
  /** Which of the VM's NICs, from 0. */
  readonly nic: number;
  readonly mac: string;
  /** `nic`: its own; `file`: it stands under `allow`; `learned`: the switch has heard it there. */
  readonly origin: 'nic' | 'file' | 'learned';
}

/** A MAC that may be at the VM and does not move with it, and why. */
export interface LeftMac {
  readonly network: string;
  readonly mac: string;
  readonly why: string;
}

/** An entry of the forwarding table of the host where the VM runs. */
export interface SeenMac {
  readonly mac: string;
  /** The host that it leads to. */
  readonly place: string | null;
  /** The port there; null: not one of ours. */
  readonly port: string | null;
}

/**
 * Each costs flows at every end and a question to every switch; a NIC that has more behind it is a router's or a
 * switch's.
 */
export const MOST_MACS = 64;

/**
 * The MACs of a VM's NICs: those that the file gives it, and behind a NIC without port security all that the switch has
 * heard there. One that may be at several NICs (the virtual MAC of routers that stand in for each other) is where it
 * was heard last, and nobody else's is taken.
 *
 * @param seen by network
 */
export function movingMacs(
  topology: Topology,
  vm: Vm,
  seen: ReadonlyMap<string, readonly SeenMac[]>,
): { readonly moving: MovingMac[]; readonly left: LeftMac[] } {
  const found = vm.nics.map((nic, index) => macsAt(topology, vm, index, seen.get(nic.network) ?? []));
  const own = vm.nics.map(({ network, mac }, nic): MovingMac => ({ network, nic, mac, origin: 'nic' }));
  const others = found.flatMap(({ moving }) => moving);
  const tooMany = others.slice(MOST_MACS).map(({ network, mac }) => ({ network, mac, why: TOO_MANY }));
  return { moving: [...own, ...others.slice(0, MOST_MACS)], left: [...found.flatMap(({ left }) => left), ...tooMany] };
}

const TOO_MANY = `no more than ${MOST_MACS} MACs move with a VM besides its own`;

export function macsOfNic(moving: readonly MovingMac[], nic: number): string[] {
  return moving.filter((one) => one.nic === nic).map(({ mac }) => mac);
}

/** What moves with a VM of which nothing has been heard yet. */
export function knownMacs(topology: Topology, vm: Vm): MovingMac[] {
  return movingMacs(topology, vm, new Map()).moving;
}

/** Whether anybody but the VM itself can be behind one of its NICs in that network. */
export function mayCarry(vm: Vm, network: string): boolean {
  return vm.nics.some((nic) => nic.network === network && (nic.allow.any || nic.allow.macs.length > 0));
}

function macsAt(topology: Topology, vm: Vm, nic: number, seen: readonly SeenMac[]) {
  const { network, allow, mac: own } = vm.nics[nic] as Nic;
  const tap = tapName(topology.name, vm.name, nic);
  const moving: MovingMac[] = [];
  const left: LeftMac[] = [];
  if (!allow.any) {
    for (const mac of allow.macs) {
      if (mac === own) continue;
      const entry = seen.find((candidate) => candidate.mac === mac);
      if (entry?.port === tap || (entry === undefined && !isShared(topology, { network, mac }))) {
        moving.push({ network, nic, mac, origin: 'file' });
      } else if (entry === undefined) {
        left.push({ network, mac, why: 'it may be at another NIC as well, and has not been heard lately' });
      }
    }
    return { moving, left };
  }
  for (const { mac, port } of seen) {
    if (port !== tap || mac === own) continue;
    const owner = ownerOf(topology, network, mac);
    if (owner === null) moving.push({ network, nic, mac, origin: 'learned' });
    else if (owner !== vm.name) left.push({ network, mac, why: `it is the MAC of ${owner}, and was heard from here` });
  }
  return { moving, left };
}

/**
 * A NIC's own MAC, and what of `allow` nobody else in its network may send from: wherever it is heard, it should be
 * there.
 */
export function ownMacs(topology: Topology, { network, mac, allow }: Nic): string[] {
  return [mac, ...allow.macs.filter((one) => one !== mac && !isShared(topology, { network, mac: one }))];
}

/** Whether another NIC of the network may send from it, or it is another's own. */
function isShared(topology: Topology, { network, mac }: { network: string; mac: string }): boolean {
  const may = topology.vms
    .flatMap((vm) => vm.nics)
    .filter(({ allow, ...nic }) => nic.network === network && (allow.any || allow.macs.includes(mac)));
  return may.length > 1 || ownerOf(topology, network, mac) !== null;
}

/** The VM or host whose own MAC it is; null: nobody's of the file. */
function ownerOf({ name, hosts, vms }: Topology, network: string, mac: string): string | null {
  const vm = vms.find(({ nics }) => nics.some((nic) => nic.network === network && nic.mac === mac));
  return vm?.name ?? hosts.find((host) => probeMac(name, network, host.name) === mac)?.name ?? null;
}
