import { formatIp, formatPrefix, parseIp, parsePrefix } from '../model/address.js';
import { encapsulationNamed } from '../model/encapsulation.js';
import type { Disk, Storage } from '../model/storage.js';
import type {
  Host,
  Image,
  Mesh,
  MigrationSettings,
  Network,
  Nic,
  Topology,
  UnderlaySegment,
  Vm,
  VmSource,
} from '../model/topology.js';
import { DEFAULT_SETTINGS, DEFAULT_STRATEGY } from '../strategies/registry.js';
import { buildAllowance, buildRule } from './build-access.js';
import type * as Written from './file.js';
import { overlayRoom, type TunnelUnderlay } from './overlay-room.js';
import { parseBoundBytes, parseBytes, parseDurationMs } from './units.js';

const DEFAULTS = {
  underlayMtu: 1500,
  memory: '128MiB',
  /** Of a guest with systemd. */
  diskImageMemory: '512MiB',
  vcpus: 1,
  migrationTimeout: '120s',
  probeInterval: '10ms',
  ssh: { port: 22, user: 'root' },
} as const;

/** Fills in the defaults and brings units, addresses and lists into one form. The file has passed every check. */
export function buildTopology(file: Written.TopologyFile): Topology {
  const isLab = file.lab !== undefined;
  const underlay = Object.entries(file.underlay).map(([name, segment]) => buildSegment(name, segment, isLab));
  const hosts = Object.entries(file.hosts).map(([name, host]) => buildHost(name, host, isLab));
  const tunnelled = tunnelUnderlay(underlay, hosts);
  return {
    name: file.name,
    lab: isLab ? {} : null,
    underlay,
    hosts,
    storage: Object.entries(file.storage ?? {}).map(([name, storage]) => buildStorage(name, storage)),
    networks: Object.entries(file.networks ?? {}).map(([name, network]) => ({
      ...buildNetwork(name, network, tunnelled),
      acl: (network.acl ?? []).map((rule) => buildRule(file, rule, null)),
    })),
    vms: Object.entries(file.vms ?? {}).map(([name, vm]) => ({
      ...buildVm(file, name, vm),
      acl: (vm.acl ?? []).map((rule) => buildRule(file, rule, name)),
    })),
    probes: (file.probes ?? []).map(({ from, to, interval }) => ({
      from: { kind: Object.hasOwn(file.hosts, from) ? 'host' : 'vm', name: from },
      to,
      intervalMs: parseDurationMs(interval ?? DEFAULTS.probeInterval),
    })),
  };
}

function buildSegment(name: string, segment: Written.Segment, isLab: boolean): UnderlaySegment {
  return {
    name,
    cidrs: listOf(segment.cidr).map(canonicalPrefix),
    mtu: segment.mtu ?? DEFAULTS.underlayMtu,
    rate: (isLab ? segment.rate : undefined) ?? null,
    delayMs: isLab && segment.delay !== undefined ? parseDurationMs(segment.delay) : null,
  };
}

function buildHost(name: string, host: Written.Host, isLab: boolean): Host {
  const addresses = listOf(host.address).map(canonicalIp);
  const ssh = {
    address: host.ssh?.address ?? addresses[0] ?? '',
    port: host.ssh?.port ?? DEFAULTS.ssh.port,
    user: host.ssh?.user ?? DEFAULTS.ssh.user,
    identityFile: host.ssh?.identityFile ?? null,
    hostKey: host.ssh?.hostKey ?? null,
    assumed: (['port', 'user'] as const).filter((key) => host.ssh?.[key] === undefined),
  };
  return { name, underlay: host.underlay, addresses, ssh: isLab ? null : ssh, datapath: host.datapath ?? null };
}

function buildNetwork(name: string, network: Written.Network, underlay: TunnelUnderlay): Omit<Network, 'acl'> {
  const encapsulation = encapsulationNamed(network.type);
  return {
    name,
    encapsulation,
    vni: network.vni,
    cidrs: listOf(network.cidr).map(canonicalPrefix),
    mtu: network.mtu ?? overlayRoom(encapsulation, underlay).mtu,
    mesh: buildMesh(network.mesh),
  };
}

function buildMesh(mesh: Written.Network['mesh']): Mesh {
  if (typeof mesh === 'object') return { kind: 'hub', hub: mesh.hub };
  const hub = /^hub: *(.*)$/.exec(mesh ?? '')?.[1];
  return hub === undefined ? { kind: mesh === 'flow' ? 'flow' : 'full' } : { kind: 'hub', hub };
}

function buildVm(file: Written.TopologyFile, name: string, vm: Written.Vm): Omit<Vm, 'acl'> {
  return {
    name,
    host: vm.host,
    memoryBytes: parseBytes(vm.memory ?? (vm.image === 'micro' ? DEFAULTS.memory : DEFAULTS.diskImageMemory)),
    vcpus: vm.vcpus ?? DEFAULTS.vcpus,
    source: buildSource(vm),
    disks: buildDisks(file, vm),
    nics: vm.nics.map(buildNic),
    migration: buildMigration(vm.migration ?? {}),
  };
}

function buildMigration(written: Written.Migration): MigrationSettings {
  const { strategy, bandwidth, timeout, copyStorage, bound = {}, postCopyAfter = {} } = written;
  const usual = DEFAULT_SETTINGS;
  return {
    strategy: strategy ?? DEFAULT_STRATEGY,
    bandwidthBytesPerSecond: bandwidth === undefined ? null : parseBytes(bandwidth),
    timeoutMs: parseDurationMs(timeout ?? DEFAULTS.migrationTimeout),
    copyStorage: copyStorage ?? null,
    bound: {
      bytes: bound.bytes === undefined ? usual.bound.bytes : parseBoundBytes(bound.bytes),
      durationMs: bound.duration === undefined ? usual.bound.durationMs : parseDurationMs(bound.duration),
      end: bound.then ?? usual.bound.end,
    },
    postCopyAfter: {
      passes: postCopyAfter.passes ?? usual.postCopyAfter.passes,
      durationMs:
        postCopyAfter.duration === undefined ? usual.postCopyAfter.durationMs : parseDurationMs(postCopyAfter.duration),
    },
  };
}

function buildSource(vm: Written.Vm): VmSource {
  const { domain, memory, vcpus } = vm;
  if (domain === undefined) return buildImage(vm);
  const says = {
    ...(memory === undefined ? {} : { memoryBytes: parseBytes(memory) }),
    ...(vcpus === undefined ? {} : { vcpus }),
  };
  return { kind: 'domain', domain, ...(Object.keys(says).length === 0 ? {} : { says }) };
}

function buildImage({ image = 'micro', upload, cpu, machine, firmware, sshKeys }: Written.Vm): VmSource {
  const settings = {
    cpu: cpu ?? null,
    machine: machine ?? null,
    firmware: firmware ?? 'bios',
    sshKeys: sshKeys ?? [],
  } as const;
  return { kind: 'image', image: imageOf(image, upload ?? false), machine: settings };
}

function imageOf(image: string, isHere: boolean): Image {
  if (image === 'micro' || image === 'debian') return { kind: image };
  return { kind: isHere ? 'upload' : 'file', path: image };
}

/** One version on all hosts, whatever each of them and the server would agree on. */
const MOUNT_OPTIONS = 'hard,vers=4.2';

function buildStorage(name: string, storage: Written.Storage): Storage {
  const { kind, path, server, export: exported, port, client, options } = storage;
  return {
    name,
    kind,
    path: path === undefined ? null : withoutSlash(path),
    server: server ?? null,
    export: exported === undefined ? null : withoutSlash(exported),
    port: port ?? null,
    client: client ?? 'qemu',
    options: options ?? MOUNT_OPTIONS,
  };
}

/** `/srv/vms/` is `/srv/vms`. */
function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '') || '/';
}

/** An image with a disk has one where the file names none. */
function buildDisks({ storage = {} }: Written.TopologyFile, { domain, image, disks }: Written.Vm): Disk[] {
  const only = Object.keys(storage)[0] ?? '';
  const written = disks ?? (domain === undefined && image !== 'micro' ? [{}] : []);
  return written.map((disk) => ({
    storage: disk.storage ?? only,
    sizeBytes: disk.size === undefined ? null : parseBytes(disk.size),
    format: disk.format ?? 'qcow2',
    bus: disk.bus ?? 'virtio',
    cache: disk.cache ?? 'none',
  }));
}

function buildNic(nic: Written.Nic): Nic {
  return {
    network: nic.network,
    mac: nic.mac.toLowerCase(),
    addresses: listOf(nic.address).map(canonicalPrefix),
    allow: buildAllowance(nic.allow ?? []),
  };
}

function tunnelUnderlay(underlay: readonly UnderlaySegment[], hosts: readonly Host[]): TunnelUnderlay {
  const used = new Set(hosts.map((host) => host.underlay));
  const mtus = underlay.filter((segment) => used.has(segment.name)).map((segment) => segment.mtu);
  return { mtus, family: parseIp(hosts[0]?.addresses[0] ?? '')?.family ?? 4 };
}

function listOf(oneOrMany: string | readonly string[] | undefined): readonly string[] {
  if (oneOrMany === undefined) return [];
  return typeof oneOrMany === 'string' ? [oneOrMany] : oneOrMany;
}

/** One spelling for each address, so that the rest of the program may compare texts (`FD00::01` is `fd00::1`). */
function canonicalIp(text: string): string {
  const ip = parseIp(text);
  return ip === null ? text : formatIp(ip);
}

function canonicalPrefix(text: string): string {
  const prefix = parsePrefix(text);
  return prefix === null ? text : formatPrefix(prefix);
}
