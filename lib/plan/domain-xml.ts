import { createHash } from 'node:crypto';
import { BASELINE, wantsBaseline } from '../model/cpu-baseline.js';
import { DomainDefinition } from '../model/domain-definition.js';
import { MARK_NAMESPACE, type OwnerMark, ownerMark } from '../model/domain-marks.js';
import { tapName } from '../model/names.js';
import type { MachineSettings, Network, Topology, Vm } from '../model/topology.js';
import { escaped } from '../model/xml-element.js';
import { disksXml, variablesPath } from './disk-xml.js';

/** Where all that a guest of vxmig's prints on its console is kept, on the host where it runs. */
export function consoleLog(domain: string): string {
  return `/var/log/libvirt/qemu/${domain}-serial0.log`;
}

const MICRO_IMAGE_DIRECTORY = '/var/lib/vxmig/images/micro';

/** Its CPU is what all hosts could give when it was defined. */
const BASELINE_MARK = ` cpu='${BASELINE}'`;

export interface Accelerator {
  /** libvirt's domain type: `kvm`, or `qemu` for TCG. */
  readonly type: 'kvm' | 'qemu';
}

/** What vxmig has written into a domain's metadata, or null for a domain that is not ours. */
export function readOwnerMark(xml: string): OwnerMark | null {
  return xml.includes(MARK_NAMESPACE) ? ownerMark(DomainDefinition.parse(xml)) : null;
}

/**
 * The definition of a VM that vxmig makes. It is the same text on every host, so that the VM keeps
 * its identity (UUID, MACs) when it moves; what differs between hosts is left to libvirt. A kernel that panics tells
 * libvirt so, which ends it: a guest that hangs would look as if it ran.
 *
 * @param baseline the CPU of one that says `cpu: baseline`: an element
 */
export function domainXml(
  topology: Topology,
  vm: Vm,
  accelerator: Accelerator,
  baseline: string | null = null,
): string {
  const body = definition(topology, vm, accelerator, baseline);
  const spec = createHash('sha256').update(body).digest('hex').slice(0, 16);
  const mark =
    `<vxmig:vm xmlns:vxmig='${MARK_NAMESPACE}' ` +
    `topology='${topology.name}' name='${vm.name}' spec='${spec}'${wantsBaseline(vm) ? BASELINE_MARK : ''}/>`;
  return `<domain type='${accelerator.type}'>
  <name>${vm.name}</name>
  <uuid>${stableUuid(`${topology.name}/${vm.name}`)}</uuid>
  <metadata>${mark}</metadata>
${body}</domain>
`;
}

function definition(topology: Topology, vm: Vm, accelerator: Accelerator, baseline: string | null): string {
  if (vm.source.kind !== 'image') throw new Error(`${vm.name} is a domain that is there already`);
  const { image, machine } = vm.source;
  const isMicro = image.kind === 'micro';
  const boot = isMicro ? microBoot(topology, vm, machine) : diskBoot(topology, vm, machine);
  const disks = isMicro ? '' : disksXml(topology, vm);
  const nics = vm.nics.map((_, index) => interfaceXml(topology, vm, index)).join('');
  return `  <memory unit='b'>${vm.memoryBytes}</memory>
  <vcpu>${vm.vcpus}</vcpu>
${boot}  <features><acpi/>${isMicro ? '' : '<apic/>'}</features>
${cpuXml(vm, machine.cpu, accelerator, baseline)}  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <controller type='usb' model='none'/>
${disks}${nics}    <serial type='pty'>
      <log file='${consoleLog(vm.name)}' append='on'/>
      <target port='0'/>
    </serial>
    <memballoon model='none'/>
${isMicro ? "    <panic model='isa'/>" : RNG}
  </devices>
`;
}

/** Else a guest waits at its first start until it has seen enough happen to make keys. */
const RNG = "    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>";

function microBoot(topology: Topology, vm: Vm, { machine }: MachineSettings): string {
  const cmdline = [
    'console=ttyS0',
    'quiet',
    'panic=-1',
    `vxmig.name=${vm.name}`,
    ...vm.nics.map((nic) => nicArgument(topology, nic)),
  ];
  return `  <os>
    <type arch='x86_64' machine='${machine ?? 'pc'}'>hvm</type>
    <kernel>${MICRO_IMAGE_DIRECTORY}/vmlinuz</kernel>
    <initrd>${MICRO_IMAGE_DIRECTORY}/initrd.img</initrd>
    <cmdline>${escaped(cmdline.join(' '))}</cmdline>
  </os>
`;
}

function diskBoot(topology: Topology, vm: Vm, { machine, firmware }: MachineSettings): string {
  const type = `<type arch='x86_64' machine='${machine ?? 'q35'}'>hvm</type>`;
  if (firmware === 'bios') return `  <os>\n    ${type}\n    <boot dev='hd'/>\n  </os>\n`;
  // Which file the firmware is, each host's libvirt knows. A loader that nobody has signed may start.
  return `  <os firmware='efi'>
    ${type}
    <firmware><feature enabled='no' name='secure-boot'/></firmware>
    <nvram>${escaped(variablesPath(topology.name, vm.name))}</nvram>
    <boot dev='hd'/>
  </os>
`;
}

function cpuXml(vm: Vm, cpu: string | null, accelerator: Accelerator, baseline: string | null): string {
  if (wantsBaseline(vm)) {
    if (baseline === null) throw new Error(`nobody has asked the hosts which CPU ${vm.name} can have`);
    return `  ${baseline}\n`;
  }
  if (cpu === 'host-model' || cpu === 'host-passthrough') return `  <cpu mode='${cpu}'/>\n`;
  // TCG has no nested virtualisation; KVM hosts may lack it, and the guest does not need it.
  const svm = accelerator.type === 'kvm' ? "<feature policy='disable' name='svm'/>" : '';
  const model = `<model fallback='forbid'>${cpu ?? 'qemu64'}</model>`;
  return `  <cpu mode='custom' match='exact' check='none'>${model}${cpu === null ? svm : ''}</cpu>\n`;
}

function nicArgument(topology: Topology, nic: Vm['nics'][number]): string {
  return `vxmig.nic=${[nic.mac, networkOf(topology, nic.network).mtu, ...nic.addresses].join(',')}`;
}

/**
 * `managed='no'`: the tap is made and put into the bridge before QEMU starts, so that the switch is ready for the
 * first frame. Offloads are off because the userspace datapath does not finish checksums that a guest left open.
 */
function interfaceXml(topology: Topology, vm: Vm, index: number): string {
  const nic = vm.nics[index];
  if (nic === undefined) return '';
  return `    <interface type='ethernet'>
      <mac address='${nic.mac}'/>
      <target dev='${tapName(topology.name, vm.name, index)}' managed='no'/>
      <model type='virtio'/>
      <driver name='qemu'>
        <host csum='off' gso='off' tso4='off' tso6='off' ecn='off' ufo='off' mrg_rxbuf='off'/>
        <guest csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/>
      </driver>
      <mtu size='${networkOf(topology, nic.network).mtu}'/>
    </interface>
`;
}

function networkOf(topology: Topology, name: string): Network {
  const network = topology.networks.find((candidate) => candidate.name === name);
  if (network === undefined) throw new Error(`no network ${name} in topology ${topology.name}`);
  return network;
}

/** RFC 9562 §5.8 (version 8, custom): the same VM has the same UUID on every host and after every apply. */
export function stableUuid(identity: string): string {
  const bytes = createHash('sha256').update(`vxmig/${identity}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
