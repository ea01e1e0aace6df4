import type { Encapsulation } from '../model/encapsulation.js';
import { procBytes } from '../model/proc-figure.js';
import type { HostShell } from './connection.js';
import { type PortRange, portRange, READ_PORT_RANGE } from './migration-ports.js';
import { carrierHolder, carrierQuestion } from './tunnel-carrier.js';

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
  /** By which it names itself to others; empty where it does not say. */
  readonly hostName: string;
  /** To which that name leads on the host itself. */
  readonly ownAddresses: readonly string[];
  readonly qemuVersion: string;
  /** Hosts that watch a VM ping it with this. */
  readonly fpingVersion: string;
  readonly kvmDevice: boolean;
  readonly microImage: boolean;
  /** Of the programs that a guest with disks needs, those that are there. */
  readonly diskPrograms: readonly string[];
  /** QEMU's own NFS client is there; a module of its own. */
  readonly nfsDriver: boolean;
  readonly availableMemoryBytes: number;
  /**
   * What a packet socket can hold that is opened now (net.core.rmem_default); null: it does not say, as in a network
   * namespace.
   */
  readonly packetBufferBytes: number | null;
  /** Whether a QEMU that is not root may use userfaultfd, which post-copy needs. */
  readonly userfaultfd: boolean;
  /** Who else takes an encapsulation's packets; empty where nobody does, or Open vSwitch. */
  readonly carriers: readonly { readonly encapsulation: Encapsulation; readonly takenBy: string }[];
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
const scriptFor = (encapsulations: readonly Encapsulation[]) => `
section() { printf '\\n=== %s\\n' "$1"; }
PATH=$PATH:/usr/sbin:/sbin
section ovsdb; timeout 5 ovsdb-client get-schema-version unix:/var/run/openvswitch/db.sock Open_vSwitch
section vswitchd; timeout 5 ovs-appctl -T 5 version
section datapath; [ -d /sys/module/openvswitch ] && echo yes
section fping; fping --version
${encapsulations.map((one) => `section carrier ${one.name}; ${carrierQuestion(one)}`).join('\n')}
[ "$1" = vms ] || exit 0
section libvirt; timeout 20 virsh -q -c qemu:///system version --daemon
section uuid; timeout 20 virsh -q -c qemu:///system capabilities | sed -n 's/.*<uuid>\\(.*\\)<\\/uuid>.*/\\1/p'
section hostname; timeout 20 virsh -q -c qemu:///system hostname
section own; timeout 3 getent ahosts "$(hostname)" | awk '{ print $1 }'
section qemu; qemu-system-x86_64 --version
section kvm; [ -w /dev/kvm ] && echo yes
section disks; for program in qemu-img xorriso; do command -v "$program" >/dev/null && echo "$program"; done
section nfs; timeout 5 qemu-img info --image-opts driver=nfs 2>&1
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

export interface FitnessQuestion {
  /** Also what only VMs need; without it those answers are empty. */
  readonly vms: boolean;
  /** Of the tunnels that are to end there. */
  readonly encapsulations: readonly Encapsulation[];
}

/** @throws VxmigError SSH_CONNECT */
export async function observeFitness(shell: HostShell, { vms, encapsulations }: FitnessQuestion): Promise<Fitness> {
  const { stdout } = await shell.run(['sh', '-s', '--', vms ? 'vms' : 'no-vms'], { stdin: scriptFor(encapsulations) });
  const parts = stdout.split(/^=== (.+)$/m);
  const text = (name: string) => parts[parts.indexOf(name) + 1]?.trim() ?? '';
  return {
    ovsdbVersion: text('ovsdb') === '' ? '' : `schema ${text('ovsdb')}`,
    vswitchdVersion: /\(Open vSwitch\) (\S+)/.exec(text('vswitchd'))?.[1] ?? '',
    kernelDatapath: text('datapath') === 'yes',
    libvirtVersion: /daemon: (\S+)/.exec(text('libvirt'))?.[1] ?? '',
    hostUuid: text('uuid').toLowerCase(),
    hostName: text('hostname'),
    ownAddresses: [
      ...new Set(
        text('own')
          .split('\n')
          .filter((line) => line !== ''),
      ),
    ],
    qemuVersion: /version (\d+(?:\.\d+)*)/.exec(text('qemu'))?.[1] ?? '',
    fpingVersion: /Version (\d+(?:\.\d+)*)/.exec(text('fping'))?.[1] ?? '',
    kvmDevice: text('kvm') === 'yes',
    microImage: text('image') === 'yes',
    diskPrograms: text('disks').match(/\S+/g) ?? [],
    // Of a server that is not named nothing is asked.
    nfsDriver: /^qemu-img: /m.test(text('nfs')) && !text('nfs').includes('Unknown driver'),
    availableMemoryBytes: procBytes(text('memory'), 'MemAvailable') ?? 0,
    packetBufferBytes: /^\d+$/.test(text('buffer')) ? Number(text('buffer')) : null,
    userfaultfd: mayUseUserfaultfd(text('userfaultfd')),
    carriers: encapsulations.map((encapsulation) => ({
      encapsulation,
      takenBy: carrierHolder(encapsulation, text(`carrier ${encapsulation.name}`)),
    })),
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
