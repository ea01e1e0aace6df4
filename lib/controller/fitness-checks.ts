import type { Fitness } from '../host/fitness.js';
import type { GuestBoot } from '../host/guest-boot.js';
import type { Check } from '../model/check.js';
import type { ClockOffset } from '../model/clock-offset.js';
import { formatBytes, formatMs } from '../model/quantities.js';
import type { Datapath, Host, Topology, Vm } from '../model/topology.js';
import { domainOf } from '../plan/desired-vms.js';
import { volumesOf } from '../plan/disk-xml.js';
import { offloadFix, offloadingNics } from '../plan/nic-offload.js';
import { STRATEGIES, strategyFor } from '../strategies/registry.js';
import { hostNames, hostUuids, ownName } from './identity-checks.js';
import { QEMU_MEMORY_BYTES } from './needed-memory.js';
import {
  answers,
  carrierCheck,
  clockCheck,
  diskPrograms,
  fping,
  nfsDriver,
  packetBuffer,
  qemu,
} from './program-checks.js';

/** What the lab's guest asks for, because every host and TCG can give it. */
const MICRO_CPU_MODEL = 'qemu64';

/** What a VM would take of a host's free memory; 0 where it runs there. */
export type NeededThere = (vm: Vm, host: string) => number;

const ofImage: NeededThere = (vm) => vm.memoryBytes + QEMU_MEMORY_BYTES;

/** One host's checks that need no other host. A check that passes with a hint is advice. */
export function fitnessChecks(
  topology: Topology,
  host: Host,
  fitness: Fitness,
  clock: ClockOffset,
  needed: NeededThere = ofImage,
): Check[] {
  // Without VMs it is a VTEP and nothing else.
  const forVms = topology.vms.length > 0 ? vmChecks(topology, host, fitness, needed) : [];
  return [...vtepChecks(host, fitness, clock), ...forVms];
}

function vtepChecks(host: Host, fitness: Fitness, clock: ClockOffset): Check[] {
  const datapath = datapathOf(host, fitness);
  const named = (what: string) => `${host.name}: ${what}`;
  return [
    answers(
      named('ovsdb-server'),
      fitness.ovsdbVersion,
      'systemctl start ovsdb-server (Debian: package openvswitch-switch)',
    ),
    answers(
      named('ovs-vswitchd'),
      fitness.vswitchdVersion,
      'systemctl start ovs-vswitchd (Debian: package openvswitch-switch)',
    ),
    {
      name: named('datapath'),
      ok: datapath === 'netdev' || fitness.kernelDatapath,
      expected: datapath === 'system' ? 'the kernel module openvswitch' : 'userspace',
      seen: fitness.kernelDatapath
        ? `${datapath}; the kernel module is loaded`
        : 'netdev (userspace): no kernel module is loaded',
      hint:
        datapath === 'system' && !fitness.kernelDatapath
          ? '`modprobe openvswitch`, or leave `datapath:` out of the file'
          : '',
    },
    ...fitness.carriers.map((carrier) => carrierCheck(host, carrier)),
    fping(named('fping'), fitness.fpingVersion),
    clockCheck(named('clock'), clock),
  ];
}

function vmChecks(topology: Topology, host: Host, fitness: Fitness, needed: NeededThere): Check[] {
  const usesImage = topology.vms.some((vm) => vm.source.kind === 'image' && vm.source.image.kind === 'micro');
  const hasDisks = topology.vms.some(({ disks }) => disks.length > 0);
  const largestBytes = Math.max(0, ...topology.vms.map((vm) => needed(vm, host.name)));
  const { first, last } = fitness.migrationPorts;
  const needing = STRATEGIES.filter(({ needs }) => needs.includes('userfaultfd')).map(({ name }) => name);
  const isNeeded = topology.vms.some((vm) => strategyFor(vm.migration).needs.includes('userfaultfd'));
  const named = (what: string) => `${host.name}: ${what}`;
  return [
    answers(
      named('libvirtd'),
      fitness.libvirtVersion,
      'systemctl start libvirtd (Debian: package libvirt-daemon-system)',
    ),
    ownName(named('own name'), fitness),
    qemu(named('QEMU'), fitness.qemuVersion),
    ...(hasDisks ? [diskPrograms(named('programs for disks'), fitness.diskPrograms)] : []),
    ...(asksNfs(topology) ? [nfsDriver(named("QEMU's NFS driver"), fitness.nfsDriver)] : []),
    {
      name: named('guest image'),
      ok: fitness.microImage || !usesImage,
      expected: 'vmlinuz and initrd.img in /var/lib/vxmig/images/micro',
      seen: fitness.microImage ? 'micro' : usesImage ? '' : 'not there, and no VM of the file needs it',
      hint:
        fitness.microImage || !usesImage
          ? ''
          : 'run `npm run setup` there, or copy the directory from a machine that has it',
    },
    {
      name: named('free memory'),
      ok: fitness.availableMemoryBytes >= largestBytes,
      expected:
        largestBytes === 0
          ? 'none: every VM of the file runs here'
          : `${formatBytes(largestBytes)} for the largest VM of the file that may come here`,
      seen: formatBytes(fitness.availableMemoryBytes),
      hint: fitness.availableMemoryBytes >= largestBytes ? '' : 'stop something there, or give the VM less',
    },
    ...(datapathOf(host, fitness) === 'netdev' ? packetBuffer(named('packet buffer'), fitness.packetBufferBytes) : []),
    {
      name: named('userfaultfd'),
      ok: fitness.userfaultfd || !isNeeded,
      expected: `open to QEMU, which ${needing.join(', ')} needs`,
      seen: fitness.userfaultfd ? 'open to QEMU' : 'closed to QEMU',
      hint: fitness.userfaultfd
        ? ''
        : `${needing.join(', ')} needs \`sysctl vm.unprivileged_userfaultfd=1\`; the other strategies do not`,
    },
    {
      name: named('migration ports'),
      ok: true,
      expected: `TCP ${first} to ${last} free`,
      seen: fitness.migrationPortsTakenBy === '' ? `TCP ${first} to ${last} are free` : fitness.migrationPortsTakenBy,
      hint:
        fitness.migrationPortsTakenBy === ''
          ? ''
          : 'libvirt takes the next free one, or see migration_port_min in qemu.conf',
    },
  ];
}

/** Whether some VM's QEMU asks an NFS server itself. */
function asksNfs(topology: Topology): boolean {
  return topology.vms.some((vm) =>
    volumesOf(topology, vm).some(({ place }) => place.kind === 'network' && place.protocol === 'nfs'),
  );
}

/** Of a domain that vxmig has not made. A guest may have turned its offloads off by itself, so this is advice. */
export function offloadCheck(host: Host, fitness: Fitness, vm: Vm, xml: string): Check[] {
  if (datapathOf(host, fitness) !== 'netdev') return [];
  const nics = offloadingNics(vm, xml);
  return [
    {
      name: `${host.name}: NIC offloads of ${vm.name}`,
      ok: true,
      expected: 'off, for Open vSwitch in userspace makes no checksums',
      seen: nics.length === 0 ? 'off' : `on at ${nics.map(({ mac }) => mac).join(', ')}: it has ping and no TCP`,
      hint: nics.length === 0 ? '' : offloadFix(domainOf(vm), host.name, nics),
    },
  ];
}

function datapathOf(host: Host, { kernelDatapath }: Fitness): Datapath {
  return host.datapath ?? (kernelDatapath ? 'system' : 'netdev');
}

/** What booting a guest has shown. A device that opens but runs no guest fails: VMs would be started with it. */
export function accelerationCheck(
  host: string,
  fitness: Fitness,
  boots: { readonly kvm: GuestBoot | null; readonly tcg: GuestBoot | null },
): Check {
  const name = `${host}: acceleration`;
  const expected = 'a guest boots';
  const { kvm, tcg } = boots;
  if (kvm === null && tcg === null) {
    const seen = fitness.kvmDevice ? '/dev/kvm is there' : 'no /dev/kvm: TCG';
    return {
      name,
      ok: true,
      expected,
      seen,
      hint: 'not tried: without QEMU and the guest image no guest can be booted',
    };
  }
  if (kvm?.ready === true)
    return { name, ok: true, expected, seen: `KVM: a guest was ready after ${formatMs(kvm.durationMs)}`, hint: '' };
  if (kvm !== null) {
    const seen = `/dev/kvm is there, but no guest boots with it: ${kvm.last || 'no sign of life'}`;
    return {
      name,
      ok: false,
      expected,
      seen,
      hint: 'unload the kvm modules or remove /dev/kvm; VMs then run under TCG',
    };
  }
  if (tcg?.ready === true) {
    const hint = 'there is no usable /dev/kvm; TCG works, but slowly';
    return { name, ok: true, expected, seen: `TCG: a guest was ready after ${formatMs(tcg.durationMs)}`, hint };
  }
  const seen = `no guest boots under TCG either: ${tcg?.last || 'no sign of life'}`;
  return { name, ok: false, expected, seen, hint: 'run the same QEMU by hand; is the guest image whole?' };
}

/** A VM that was started with KVM can't go on under TCG, nor with a CPU that the other host does not have. */
export function commonChecks(topology: Topology, fitness: ReadonlyMap<string, Fitness>): Check[] {
  // What a host with a silent libvirtd could give is not known; that has a check of its own.
  if (fitness.size < 2) return [];
  return [...sameForAll(topology, fitness), hostUuids(fitness), hostNames(fitness)];
}

function sameForAll(topology: Topology, fitness: ReadonlyMap<string, Fitness>): Check[] {
  const hosts = [...fitness.values()].filter((host) => host.cpuModels.length > 0);
  const [first] = hosts;
  if (first === undefined) return [];
  const common = first.cpuModels.filter((model) => hosts.every((host) => host.cpuModels.includes(model)));
  const usesImage = topology.vms.some((vm) => vm.source.kind === 'image');
  const cpuOk = usesImage ? common.includes(MICRO_CPU_MODEL) : common.length > 0;
  const withKvm = [...fitness].filter(([, host]) => host.kvmDevice).map(([name]) => name);
  const mixed = withKvm.length > 0 && withKvm.length < fitness.size;
  return [
    {
      name: 'CPU models in common',
      ok: cpuOk,
      expected: usesImage ? `${MICRO_CPU_MODEL} on every host` : 'at least one on every host',
      seen:
        common.length === 0
          ? 'none'
          : `${common.length}: ${common.slice(0, 6).join(', ')}${common.length > 6 ? ', …' : ''}`,
      hint: cpuOk
        ? ''
        : 'compare `virsh domcapabilities` of the hosts; the VM’s <cpu> must name a model that all can give',
    },
    {
      name: 'one acceleration for all hosts',
      ok: true,
      expected: 'KVM on all hosts or on none',
      seen: withKvm.length === 0 ? 'TCG everywhere' : mixed ? `KVM only on ${withKvm.join(', ')}` : 'KVM everywhere',
      hint: mixed
        ? 'VMs of vxmig run under TCG everywhere, so that they can move; enable KVM on the others for speed'
        : '',
    },
  ];
}
