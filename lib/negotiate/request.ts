import type { Family } from '../model/address.js';
import { cpuOf, type DefinedCpu } from '../model/defined-cpu.js';
import type { DomainDefinition } from '../model/domain-definition.js';
import { type HugeMemory, hugeMemory } from '../model/huge-memory.js';
import type { Network, Vm } from '../model/topology.js';
import { attribute, child } from '../model/xml-element.js';

/** What a VM needs wherever it is to run; from its live definition, and of its networks from the file. */
export interface Request {
  readonly vm: string;
  /** libvirt's name of it as a word of a shell, for commands that can be pasted. */
  readonly shellDomain: string;
  readonly from: string;
  readonly to: string;
  readonly emulator: string;
  readonly arch: string;
  /** With its version, as libvirt has spelt it out at the start: `pc-i440fx-10.0`. */
  readonly machine: string;
  readonly acceleration: string;
  readonly cpu: DefinedCpu;
  /** How it gets a CPU that all its hosts can give. */
  readonly cpuFix: string;
  /** Empty: none of its memory lies in huge pages. */
  readonly hugePages: readonly HugeMemory[];
  readonly path: WantedPath;
  /** MACs of NICs that leave checksums to the host. */
  readonly offloadingNics: readonly string[];
  /** What has to be changed so that they no longer do. */
  readonly offloadFix: string;
  /** QEMU's own for servers that have its disks, as libvirt calls them too: `nfs`, `rbd`, … */
  readonly blockDrivers: readonly string[];
}

/** Between the VTEPs of both ends. */
export interface WantedPath {
  /** Of the largest packet: the VM's widest network with what its tunnel adds; 0: the VM has no network. */
  readonly bytes: number;
  readonly network: string;
}

export interface RequestedMove {
  readonly vm: string;
  readonly shellDomain: string;
  readonly from: string;
  readonly to: string;
}

/** What is known of it beside its definition. */
export interface RequestedBeside {
  readonly cpuFix: string;
  readonly path: WantedPath;
  readonly offloadingNics: readonly string[];
  readonly offloadFix: string;
  readonly blockDrivers: readonly string[];
}

export function requestOf(move: RequestedMove, definition: DomainDefinition, beside: RequestedBeside): Request {
  const os = child(definition.root, 'os');
  const type = os === undefined ? undefined : child(os, 'type');
  const [emulator] = definition.devices('emulator');
  return {
    ...move,
    ...beside,
    emulator: emulator?.textContent?.trim() ?? '',
    arch: attribute(type, 'arch') ?? 'x86_64',
    machine: attribute(type, 'machine') ?? '',
    acceleration: definition.type,
    cpu: cpuOf(definition),
    hugePages: hugeMemory(definition),
  };
}

/** What the networks of a VM ask of the way between two VTEPs of that family. */
export function pathOf({ nics }: Pick<Vm, 'nics'>, networks: readonly Network[], family: Family): WantedPath {
  const sizes = networks
    .filter(({ name }) => nics.some(({ network }) => network === name))
    .map(({ name, mtu, encapsulation }) => ({ network: name, bytes: mtu + encapsulation.overheadBytes[family] }));
  return sizes.reduce<WantedPath>((largest, one) => (one.bytes > largest.bytes ? one : largest), {
    network: '',
    bytes: 0,
  });
}
