import t from 'tap';
import type { HostShell } from '../../../lib/host/connection.js';
import { observeFitness } from '../../../lib/host/fitness.js';
import { ENCAPSULATIONS } from '../../../lib/model/encapsulation.js';

const [VXLAN] = ENCAPSULATIONS;
const QUESTION = { vms: true, encapsulations: [VXLAN] };

const FIT = `
=== ovsdb
8.3.1

=== vswitchd
ovs-vswitchd (Open vSwitch) 3.1.0

=== datapath
yes

=== libvirt
Compiled against library: libvirt 11.3.0
Running hypervisor: QEMU 10.0.2
Running against daemon: 11.3.0

=== uuid
4C4C4544-0042-3510-8053-b4c04f4e3732

=== hostname
node-a.example
=== own
127.0.1.1
127.0.1.1

=== qemu
QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)

=== fping
fping: Version 5.1

=== kvm
yes

=== disks
qemu-img
xorriso

=== nfs
qemu-img: Could not open 'driver=nfs': Parameter 'server' is missing

=== image
yes

=== memory
MemTotal:       4000000 kB
MemAvailable:   2000000 kB

=== buffer
212992

=== userfaultfd
1

=== carrier vxlan

=== range
first=50000

=== ports

=== cpu
      <model usable='yes' vendor='AMD' canonical='EPYC-v1'>EPYC</model>
      <model usable='no' vendor='Intel'>Nehalem</model>
      <model usable='yes' vendor='unknown'>qemu64</model>
`;

function shell(stdout: string): HostShell {
  const unused = () => Promise.reject(new Error('not used here'));
  const run = async () => ({ stdout, stderr: '', exitCode: 0 });
  return { name: 'host-a', run, follow: unused, converse: unused, openSocket: unused, close: () => undefined };
}

/** The answer with one section's text replaced. */
function withSection(name: string, text: string): string {
  return FIT.replace(new RegExp(`(=== ${name}\n)[^=]*`), `$1${text}\n`);
}

t.test('a host that has everything', async (t) => {
  t.same(await observeFitness(shell(FIT), QUESTION), {
    ovsdbVersion: 'schema 8.3.1',
    vswitchdVersion: '3.1.0',
    kernelDatapath: true,
    libvirtVersion: '11.3.0',
    hostUuid: '4c4c4544-0042-3510-8053-b4c04f4e3732',
    hostName: 'node-a.example',
    ownAddresses: ['127.0.1.1'],
    qemuVersion: '10.0.2',
    fpingVersion: '5.1',
    kvmDevice: true,
    microImage: true,
    diskPrograms: ['qemu-img', 'xorriso'],
    nfsDriver: true,
    availableMemoryBytes: 2_000_000 * 1024,
    packetBufferBytes: 212_992,
    userfaultfd: true,
    carriers: [{ encapsulation: VXLAN, takenBy: '' }],
    migrationPorts: { first: 50000, last: 49215 },
    migrationPortsTakenBy: '',
    cpuModels: ['EPYC', 'qemu64'],
  });
});

t.test('a host that has nothing', async (t) => {
  t.match(await observeFitness(shell(''), QUESTION), {
    ovsdbVersion: '',
    vswitchdVersion: '',
    kernelDatapath: false,
    libvirtVersion: '',
    qemuVersion: '',
    microImage: false,
    diskPrograms: [],
    nfsDriver: false,
    availableMemoryBytes: 0,
    packetBufferBytes: null,
    userfaultfd: false,
    cpuModels: [],
  });
});

t.test("QEMU's NFS driver is there when it asks for its server", async (t) => {
  const seen = async (text: string) => (await observeFitness(shell(withSection('nfs', text)), QUESTION)).nfsDriver;
  t.equal(await seen("qemu-img: Could not open 'driver': Unknown driver 'nfs'"), false);
  t.equal(await seen("timeout: failed to run command 'qemu-img': No such file or directory"), false);
});

t.test('userfaultfd by sysctl or by device', async (t) => {
  const seen = async (text: string) =>
    (await observeFitness(shell(withSection('userfaultfd', text)), QUESTION)).userfaultfd;
  t.equal(await seen('0'), false);
  t.equal(await seen('0\n600'), false);
  t.equal(await seen('0\n666'), true);
  t.equal(await seen('1\n600'), true);
});

t.test('who has the VXLAN port', async (t) => {
  const seen = async (text: string) =>
    (await observeFitness(shell(withSection('carrier vxlan', text)), QUESTION)).carriers;
  const socket = 'UNCONN 0 0 0.0.0.0:4789 0.0.0.0:*';
  const takenBy = async (text: string) => (await seen(text)).map((one) => one.takenBy);
  t.same(await takenBy(socket), [socket]);
  const device = (name: string) =>
    `7: ${name}: <BROADCAST,MULTICAST,UP> mtu 65000 \\    vxlan external id 0 dstport 4789`;
  t.same(await takenBy(`${socket}\n${device('vx0')}`), [socket], 'a device has a socket too');
  t.same(await takenBy(`${socket}\n${device('vxlan_sys_4789')}`), [''], 'Open vSwitch itself');
});
