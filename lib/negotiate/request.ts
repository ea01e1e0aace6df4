import type { Family } from '../model/address.js';
import type { DomainDefinition } from '../model/domain-definition.js';
import { type HugeMemory, hugeMemory } from '../model/huge-memory.js';
import type { Network, Vm } from '../model/topology.js';
import { attribute, child, children } from '../model/xml-element.js';

const MOST_NAMED = 6;

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
  readonly cpu: WantedCpu;
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

export interface WantedCpu {
  /** `custom`, `host-passthrough`, `maximum`, `host-model`; `none`: QEMU's default. */
  readonly mode: string;
  readonly model: string;
  readonly required: readonly string[];
  /** Of the model's own, those that the guest does not have. */
  readonly disabled: readonly string[];
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

/** What is not read from the definition here. */
export interface Requested {
  readonly path: WantedPath;
  readonly offloadingNics: readonly string[];
  readonly offloadFix: string;
  readonly blockDrivers: readonly string[];
}

export function requestOf(move: RequestedMove, definition: DomainDefinition, requested: Requested): Request {
  const os = child(definition.root, 'os');
  const type = os === undefined ? undefined : child(os, 'type');
  const [emulator] = definition.devices('emulator');
  return {
    ...move,
    ...requested,
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

function cpuOf(definition: DomainDefinition): WantedCpu {
  const cpu = child(definition.root, 'cpu');
  if (cpu === undefined) return { mode: 'none', model: '', required: [], disabled: [] };
  const model = child(cpu, 'model')?.textContent?.trim() ?? '';
  const features = children(cpu, 'feature');
  const withPolicy = (...policies: (string | null)[]) =>
    features.flatMap((one) => (policies.includes(attribute(one, 'policy')) ? (attribute(one, 'name') ?? []) : []));
  return {
    mode: attribute(cpu, 'mode') ?? (model === '' ? 'none' : 'custom'),
    model,
    required: withPolicy('require', 'force', null),
    disabled: withPolicy('disable', 'forbid'),
  };
}

/** `EPYC +vaes +la57 …`: features beyond the model's own are named as far as anybody reads. */
export function cpuText({ model, mode, required }: WantedCpu): string {
  const named = required.slice(0, MOST_NAMED).map((name) => `+${name}`);
  return [model || mode, ...named, ...(required.length > MOST_NAMED ? ['…'] : [])].join(' ');
}
