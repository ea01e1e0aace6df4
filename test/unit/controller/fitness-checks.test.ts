import t from 'tap';
import { accelerationCheck, commonChecks, fitnessChecks } from '../../../lib/controller/fitness-checks.js';
import type { Fitness } from '../../../lib/host/fitness.js';
import { ENCAPSULATIONS } from '../../../lib/model/encapsulation.js';
import type { Host, Topology, Vm } from '../../../lib/model/topology.js';
import { topologyOf } from '../plan/hosts.js';
import { USUAL_MIGRATION } from '../topology/sample.js';

const [VXLAN] = ENCAPSULATIONS;
const HOST: Host = { name: 'host-a', underlay: 'left', addresses: ['198.18.1.10'], ssh: null, datapath: null };
const VM: Vm = {
  name: 'web',
  host: 'host-a',
  memoryBytes: 2 ** 27,
  vcpus: 1,
  source: {
    kind: 'image',
    image: { kind: 'micro' },
    machine: { cpu: null, machine: null, firmware: 'bios', sshKeys: [] },
  },
  disks: [],
  nics: [],
  acl: [],
  migration: USUAL_MIGRATION,
};
const TOPOLOGY: Topology = {
  name: 'x',
  lab: null,
  underlay: [],
  hosts: [HOST],
  storage: [],
  networks: [],
  vms: [VM],
  probes: [],
};
const FIT: Fitness = {
  ovsdbVersion: 'schema 8.3.1',
  vswitchdVersion: '3.1.0',
  kernelDatapath: true,
  libvirtVersion: '11.3.0',
  hostUuid: '4c4c4544-0042-3510-8053-b4c04f4e3732',
  hostName: 'host-a',
  ownAddresses: ['198.18.1.10'],
  qemuVersion: '10.0.2',
  fpingVersion: '5.1',
  kvmDevice: true,
  microImage: true,
  diskPrograms: ['qemu-img', 'xorriso'],
  nfsDriver: true,
  availableMemoryBytes: 2 ** 30,
  packetBufferBytes: 2 ** 20,
  userfaultfd: true,
  carriers: [{ encapsulation: VXLAN, takenBy: '' }],
  migrationPorts: { first: 49152, last: 49215 },
  migrationPortsTakenBy: '',
  cpuModels: ['EPYC', 'qemu64'],
};
const IN_STEP = { offsetMs: 3, errorMs: 1 };

/** The checks that failed, and those that passed with advice, by name. */
function verdict(change: Partial<Fitness>, topology = TOPOLOGY, host = HOST): { failed: string[]; advised: string[] } {
  const checks = fitnessChecks(topology, host, { ...FIT, ...change }, IN_STEP);
  return {
    failed: checks.filter(({ ok }) => !ok).map(({ name }) => name),
    advised: checks.filter(({ ok, hint }) => ok && hint !== '').map(({ name }) => name),
  };
}

t.test('one host', async (t) => {
  t.same(verdict({}), { failed: [], advised: [] });
  t.same(verdict({ ovsdbVersion: '' }).failed, ['host-a: ovsdb-server']);
  t.same(verdict({ vswitchdVersion: '' }).failed, ['host-a: ovs-vswitchd']);
  t.same(verdict({ libvirtVersion: '' }).failed, ['host-a: libvirtd']);
  t.same(verdict({ qemuVersion: '' }).failed, ['host-a: QEMU']);
  t.same(verdict({ qemuVersion: '7.2.22' }), { failed: [], advised: ['host-a: QEMU'] });
  t.same(verdict({ qemuVersion: '11.0.0' }), { failed: [], advised: [] });
  t.same(verdict({ microImage: false }).failed, ['host-a: guest image']);
  t.same(verdict({ microImage: false }, { ...TOPOLOGY, vms: [] }).failed, []);
  t.same(verdict({ availableMemoryBytes: 2 ** 27 }).failed, ['host-a: free memory'], 'QEMU itself needs some too');
  t.same(verdict({ carriers: [{ encapsulation: VXLAN, takenBy: 'somebody' }] }).failed, ['host-a: VXLAN port']);
  t.same(verdict({ migrationPortsTakenBy: 'somebody' }), { failed: [], advised: ['host-a: migration ports'] });
  t.same(verdict({ kernelDatapath: false }), { failed: [], advised: [] }, 'userspace does');
  t.same(verdict({ kernelDatapath: false }, TOPOLOGY, { ...HOST, datapath: 'system' }).failed, ['host-a: datapath']);
  const small = { packetBufferBytes: 212_992 };
  t.same(verdict(small), { failed: [], advised: [] }, 'the kernel datapath has no such buffers');
  t.same(verdict({ ...small, kernelDatapath: false }), { failed: [], advised: ['host-a: packet buffer'] });
  const userspace = { ...HOST, datapath: 'netdev' } as const;
  t.same(verdict(small, TOPOLOGY, userspace).advised, ['host-a: packet buffer']);
  t.same(verdict({ packetBufferBytes: null }, TOPOLOGY, userspace).advised, [], 'it is not known');
  t.same(verdict({}, TOPOLOGY, userspace).advised, []);
  const told = fitnessChecks(TOPOLOGY, userspace, { ...FIT, ...small }, IN_STEP);
  t.match(
    told.find(({ name }) => name === 'host-a: packet buffer')?.hint,
    /`sysctl -w net\.core\.rmem_default=1048576`/,
  );
  t.same(verdict({ userfaultfd: false }), { failed: [], advised: ['host-a: userfaultfd'] });
  t.same(verdict({ fpingVersion: '' }).failed, ['host-a: fping']);
  t.same(verdict({ fpingVersion: '4.2' }).failed, ['host-a: fping']);
  const vtep = verdict({ libvirtVersion: '', qemuVersion: '', availableMemoryBytes: 0 }, { ...TOPOLOGY, vms: [] });
  t.same(vtep, { failed: [], advised: [] }, 'a host without VMs needs Open vSwitch and nothing else');
  const postCopy = { ...TOPOLOGY, vms: [{ ...VM, migration: { ...VM.migration, strategy: 'post-copy' as const } }] };
  t.same(verdict({ userfaultfd: false }, postCopy).failed, ['host-a: userfaultfd']);
});

t.test("QEMU's NFS driver is asked for where a VM's disk is on such a server", async (t) => {
  const topology = topologyOf(
    ['networks:\n', 'storage: {pool: {kind: nfs, server: 198.18.9.10, export: /srv/vms}}\nnetworks:\n'],
    ['image: micro', 'image: debian\n    disks: [{size: 4GiB}]'],
  );
  t.same(verdict({}, topology).failed, []);
  t.same(verdict({ nfsDriver: false }, topology).failed, ["host-a: QEMU's NFS driver"]);
  t.same(verdict({ nfsDriver: false }).failed, []);
});

t.test('every failed check says how to fix it', async (t) => {
  const nothing = {
    ...FIT,
    ovsdbVersion: '',
    vswitchdVersion: '',
    libvirtVersion: '',
    qemuVersion: '',
    microImage: false,
  };
  const carriers = [{ encapsulation: VXLAN, takenBy: 'x' }];
  const checks = fitnessChecks(TOPOLOGY, HOST, { ...nothing, availableMemoryBytes: 0, carriers }, IN_STEP);
  const failed = checks.filter(({ ok }) => !ok);
  t.equal(failed.length, 7);
  for (const { name, hint } of failed) t.not(hint, '', name);
});

t.test('clocks', async (t) => {
  const clock = (offsetMs: number, errorMs: number) =>
    fitnessChecks(TOPOLOGY, HOST, FIT, { offsetMs, errorMs }).find(({ name }) => name === 'host-a: clock');
  t.match(clock(-99, 1), { ok: true, hint: '' });
  t.match(clock(-250, 1), { ok: true, hint: /chrony/ });
  t.match(clock(150, 80), { ok: true, hint: '' }, 'it may as well be in step');
});

t.test('acceleration is what a guest was seen to boot with', async (t) => {
  const ready = { ready: true, durationMs: 2400, last: '' };
  const hung = { ready: false, durationMs: 20_000, last: 'qemu: boo' };
  t.match(accelerationCheck('a', FIT, { kvm: ready, tcg: null }), { ok: true, seen: /KVM.*2.4 s/, hint: '' });
  t.match(accelerationCheck('a', FIT, { kvm: hung, tcg: null }), {
    ok: false,
    seen: /no guest boots.*boo/,
    hint: /kvm/,
  });
  t.match(accelerationCheck('a', FIT, { kvm: null, tcg: ready }), { ok: true, seen: /TCG/, hint: /slowly/ });
  t.match(accelerationCheck('a', FIT, { kvm: null, tcg: hung }), { ok: false, hint: /./ });
  t.match(accelerationCheck('a', FIT, { kvm: null, tcg: null }), { ok: true, hint: /not tried/ });
});

t.test('memory is what a VM would take there, and nothing where it runs', async (t) => {
  const memory = (bytes: number) =>
    fitnessChecks(TOPOLOGY, HOST, FIT, IN_STEP, () => bytes).find(({ name }) => name === 'host-a: free memory');
  t.match(memory(2 ** 31), { ok: false, expected: /^2 GiB for the largest VM/ });
  t.match(memory(0), { ok: true, expected: /every VM of the file runs here/ });
});

t.test('what hosts have in common', async (t) => {
  const of = (change: Partial<Fitness>, topology = TOPOLOGY) =>
    commonChecks(
      topology,
      new Map([
        ['host-a', FIT],
        ['host-b', { ...FIT, hostUuid: 'b-uuid', hostName: 'host-b', ...change }],
      ]),
    );
  t.match(of({}), [
    { ok: true, seen: /^2: EPYC, qemu64/ },
    { ok: true, seen: 'KVM everywhere', hint: '' },
    { name: 'libvirt host UUIDs', ok: true, hint: '' },
    { name: 'host names', ok: true, hint: '' },
  ]);
  t.match(of({ hostUuid: FIT.hostUuid })[2], {
    ok: false,
    seen: /host-a and on host-b has the same/,
    hint: /On host-b:.*host_uuid/,
  });
  t.match(of({ hostName: 'host-a' })[3], { ok: false, seen: /both called host-a/, hint: /hostnamectl/ });
  t.match(of({ hostUuid: '' })[2], { ok: true }, 'a silent libvirtd has a check of its own');
  t.match(of({ cpuModels: ['EPYC'] }), [{ ok: false, hint: /domcapabilities/ }]);
  t.match(of({ cpuModels: ['EPYC'] }, { ...TOPOLOGY, vms: [] }), [{ ok: true, seen: '1: EPYC' }]);
  t.match(of({ cpuModels: [] })[0], { ok: true }, 'a silent libvirtd has a check of its own');
  t.match(of({ kvmDevice: false }), [{}, { ok: true, seen: 'KVM only on host-a', hint: /TCG everywhere/ }]);
  t.same(commonChecks(TOPOLOGY, new Map([['host-a', FIT]])), []);
});
