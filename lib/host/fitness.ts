import { procBytes } from '../model/proc-figure.js';
import type { HostShell } from './connection.js';
import { type PortRange, portRange, READ_PORT_RANGE } from './migration-ports.js';

/** RFC 7348 §5. */
const VXLAN_PORT = 4789;

/** What a host brings along for vxmig; empty texts where the program is missing or does not answer. */
export interface Fitness {
  /** Of the schema of its database. */
  readonly ovsdbVersion: string;
  readonly vswitchdVersion: string;
  readonly kernelDatapath: boolean;
  /** `Using library: libvirt 11.3.0` and what libvirtd adds. */
  readonly libvirtVersion: string;
  /** By which libvirt tells hosts apart; empty where it does not say. */
  readonly hostUuid: string;
  readonly qemuVersion: string;
  /** Hosts that watch a VM ping it with this. */
  readonly fpingVersion: string;
  readonly kvmDevice: boolean;
  readonly microImage: boolean;
  readonly availableMemoryBytes: number;
  /**
   * What a packet socket can hold that is opened now (net.core.rmem_default); null: it does not say, as in a network
   * namespace.
   */
  readonly packetBufferBytes: number | null;
  /** Whether a QEMU that is not root may use userfaultfd, which post-copy needs. */
  readonly userfaultfd: boolean;
  /** Who else listens on VXLAN's port; empty where nobody does, or Open vSwitch. */
  readonly vxlanPortTakenBy: string;
  /** From which libvirt there takes one for each migration that comes. */
  readonly migrationPorts: PortRange;
  /** Listeners within the migration ports, a line each. */
  readonly migrationPortsTakenBy: string;
  /** CPU models that libvirt says the host can give a guest. */
  readonly cpuModels: readonly string[];
}

/**
 * One shell for everything; each question has its own time limit, so that a daemon that hangs spoils only its own
 * answer.
 */
const SCRIPT = `
section() { printf '\\n=== %s\\n' "$1"; }
PATH=$PATH:/usr/sbin:/sbin
section ovsdb; timeout 5 ovsdb-client get-schema-version unix:/var/run/openvswitch/db.sock Open_vSwitch
section vswitchd; timeout 5 ovs-appctl -T 5 version
section datapath; [ -d /sys/module/openvswitch ] && echo yes
section fping; fping --version
section vxlan; ss -Hlunp 'sport = :${VXLAN_PORT}'; ip -br link show type vxlan
[ "$1" = vms ] || exit 0
section libvirt; timeout 20 virsh -q -c qemu:///system version --daemon
section uuid; timeout 20 virsh -q -c qemu:///system capabilities | sed -n 's/.*<uuid>\\(.*\\)<\\/uuid>.*/\\1/p'
section qemu; qemu-system-x86_64 --version
section kvm; [ -w /dev/kvm ] && echo yes
section image; cd /var/lib/vxmig/images/micro && [ -s vmlinuz ] && [ -s initrd.img ] && echo yes
section memory; cat /proc/meminfo
section buffer; cat /proc/sys/net/core/rmem_default
section userfaultfd; cat /proc/sys/vm/unprivileged_userfaultfd; [ -c /dev/userfaultfd ] && stat -c %a /dev/userfaultfd
section range; range=$(${READ_PORT_RANGE}); echo "$range"
section ports; first=49152 last=49215; eval "$range"; ss -Hltnp "sport >= :$first and sport <= :$last"
type=qemu; [ -w /dev/kvm ] && type=kvm
section cpu; timeout 20 virsh -q -c qemu:///system domcapabilities --virttype $type --arch x86_64 --machine pc
exit 0
`;

/**
 * @param vms also what only VMs need; without it those answers are empty
 * @throws VxmigError SSH_CONNECT
 */
export async function observeFitness(shell: HostShell, { vms }: { readonly vms: boolean }): Promise<Fitness> {
  const { stdout } = await shell.run(['sh', '-s', '--', vms ? 'vms' : 'no-vms'], { stdin: SCRIPT });
  const parts = stdout.split(/^=== (.+)$/m);
  const text = (name: string) => parts[parts.indexOf(name) + 1]?.trim() ?? '';
  return {
    ovsdbVersion: text('ovsdb') === '' ? '' : `schema ${text('ovsdb')}`,
    vswitchdVersion: /\(Open vSwitch\) (\S+)/.exec(text('vswitchd'))?.[1] ?? '',
    kernelDatapath: text('datapath') === 'yes',
    libvirtVersion: /daemon: (\S+)/.exec(text('libvirt'))?.[1] ?? '',
    hostUuid: text('uuid').toLowerCase(),
    qemuVersion: /version (\d+(?:\.\d+)*)/.exec(text('qemu'))?.[1] ?? '',
    fpingVersion: /Version (\d+(?:\.\d+)*)/.exec(text('fping'))?.[1] ?? '',
    kvmDevice: text('kvm') === 'yes',
    microImage: text('image') === 'yes',
    availableMemoryBytes: procBytes(text('memory'), 'MemAvailable') ?? 0,
    packetBufferBytes: /^\d+$/.test(text('buffer')) ? Number(text('buffer')) : null,
    userfaultfd: mayUseUserfaultfd(text('userfaultfd')),
    vxlanPortTakenBy: vxlanHolder(text('vxlan')),
    migrationPorts: portRange(text('range')),
    migrationPortsTakenBy: text('ports'),
    cpuModels: [...text('cpu').matchAll(/<model usable='yes'[^>]*>([^<]+)</g)].map((match) => match[1] ?? ''),
  };
}

/** By the sysctl, or by a device that everybody may open (Linux 6.1, QEMU 8.1 and newer). */
function mayUseUserfaultfd(text: string): boolean {
  const [sysctl, mode = ''] = text.split('\n');
  return sysctl === '1' || /[67]$/.test(mode);
}

/** The kernel datapath's own device, vxlan_sys_4789, holds the port for Open vSwitch. */
function vxlanHolder(text: string): string {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.some((line) => line.startsWith(`vxlan_sys_${VXLAN_PORT}`))
    ? ''
    : lines.filter((line) => line.includes(`:${VXLAN_PORT} `)).join('; ');
}
