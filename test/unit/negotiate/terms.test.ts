import t from 'tap';
import type { Proposal } from '../../../lib/negotiate/configuration.js';
import type { Offer } from '../../../lib/negotiate/offer.js';
import type { Request } from '../../../lib/negotiate/request.js';
import { judgeTerms } from '../../../lib/negotiate/term.js';
import { CONFIGURATION_TERMS, REQUEST_TERMS } from '../../../lib/negotiate/terms.js';
import { cpuModel, GIB, offers, proposal, request } from './ends.js';

type Ends = [Partial<Offer>?, Partial<Offer>?];

const judged = (change: Partial<Request>, ...ends: Ends) => judgeTerms(REQUEST_TERMS, request(change), offers(...ends));
const refused = (change: Partial<Request>, ...ends: Ends) => judged(change, ...ends).refusals;
const doubted = (change: Partial<Request>, ...ends: Ends) => judged(change, ...ends).doubts;
const proposed = (change: Partial<Proposal>, ...ends: Ends) =>
  judgeTerms(CONFIGURATION_TERMS, proposal(change), offers(...ends)).refusals;
/** Of what is there and of what is not, by the features' names. */
const features = (found: readonly { readonly feature: string }[]) => found.map(({ feature }) => feature);

t.test('two ends of a kind agree on all of it, and nothing is in doubt', async (t) => {
  t.same(judged({}), { refusals: [], doubts: [] });
  t.same(judgeTerms(CONFIGURATION_TERMS, proposal(), offers()), { refusals: [], doubts: [] });
});

t.test('each refusal says who wants what, who has what, and a command that fixes it', async (t) => {
  const every = [
    refused({}, {}, { emulator: false, virtualCpu: null }),
    refused({}, {}, { kvm: false, virtualCpu: null }),
    refused({ machine: 'pc-i440fx-10.0' }, {}, { virtualCpu: null }),
    refused({ blockDrivers: ['nfs'] }, {}, { lackingDrivers: ['nfs'] }),
    refused({}, {}, { cpuVerdict: 'CPU is incompatible' }),
    refused({ offloadingNics: ['52:54:00:09:00:01'] }, {}, { datapath: 'netdev' }),
    refused({}, { way: 'small' }),
    refused({}, { usedOffloads: new Map([['tap-web', ['uso']]]) }, { tapOffloads: ['csum', 'tso'] }),
    refused({}, {}, { hostUuid: 'uuid-of-node-a' }),
    refused({}, {}, { hostName: 'node-a' }),
    refused({}, { farAddresses: ['127.0.1.1'] }),
    refused({ hugePages: [{ pageBytes: 2 ** 21, bytes: GIB }] }, {}, { hugePageBytes: 2 ** 21 }),
    proposed({}, {}, { availableMemoryBytes: 0 }),
    proposed({ transport: { address: 'x', port: 1, first: 1, last: 2, silence: 'no answer within 4 s' } }),
    proposed({ needs: ['userfaultfd'] }, {}, { userfaultfd: false }),
    proposed({ clock: { aheadMs: 90_000, errorMs: 2 } }),
  ];
  for (const found of every) {
    t.equal(found.length, 1, JSON.stringify(features(found)));
    t.match(found[0], { code: 'HOST_UNFIT', feature: /./, host: /^node-[ab]$/, wanted: /./, has: /./, fix: /./ });
    t.match(found[0]?.why, /node-[ab]/, `${found[0]?.why}`);
  }
  t.same(
    [...REQUEST_TERMS, ...CONFIGURATION_TERMS].map(({ feature }) => feature).filter((one) => one !== 'QEMU version'),
    every.flat().map(({ feature }) => feature),
    'every term can refuse; QEMU’s version alone is a doubt',
  );
});

t.test('emulator: a program that is not there explains why libvirt says nothing more', async (t) => {
  const [one, ...others] = refused({ machine: 'pc-i440fx-10.0' }, {}, { emulator: false, virtualCpu: null });
  t.match(one, { feature: 'emulator path', wanted: '/usr/bin/qemu-system-x86_64', fix: /virsh edit 'my shop'/ });
  t.same(others, []);
  t.same(refused({ emulator: '' }, {}, { emulator: false }), [], 'none is named');
});

t.test('acceleration: KVM needs KVM, TCG needs nothing, and who lists nothing is not refused', async (t) => {
  t.match(refused({}, {}, { kvm: false }), [{ feature: 'acceleration', has: 'TCG alone', fix: /modprobe kvm_intel/ }]);
  t.same(refused({ acceleration: 'qemu' }, { kvm: false }, { kvm: false }), []);
  t.same(refused({ acceleration: 'qemu' }, { kvm: true }, { kvm: false }), [], 'an emulated VM goes anywhere');
  t.same(refused({}, {}, { kvm: false, machines: [] }), []);
});

t.test('machine type: new to old is refused with the newest that both have; old to new fits', async (t) => {
  const older = { qemuVersion: '7.2.22', machines: ['pc-i440fx-7.2', 'pc-i440fx-7.1'], virtualCpu: null };
  const newer = { machines: ['pc-i440fx-10.0', 'pc-i440fx-9.2', 'pc-i440fx-7.2'] };
  const [toOld] = refused({ machine: 'pc-i440fx-10.0' }, newer, older);
  t.match(toOld, {
    feature: 'machine type',
    host: 'node-b',
    wanted: 'pc-i440fx-10.0',
    has: 'pc-i440fx-7.2 as its newest',
    why: 'shop was started as pc-i440fx-10.0, and node-b (QEMU 7.2.22) has pc-i440fx-7.2 as its newest',
    fix: /machine='pc-i440fx-7.2'/,
  });
  t.same(doubted({ machine: 'pc-i440fx-10.0' }, newer, older), [], 'the version is no news then');
  const there = { ...older, virtualCpu: offers().source.virtualCpu };
  t.same(refused({ machine: 'pc-i440fx-7.2' }, there, newer), []);
  t.match(refused({ machine: 'pc-q35-9.2' }, {}, older), [{ has: 'no pc-q35 at all' }]);
  t.match(refused({ machine: 'microvm' }, {}, older), [{ has: 'no microvm at all' }]);
  t.same(refused({ machine: 'pc-i440fx-10.0' }, {}, { machines: [] }), [], 'nothing is known');
});

t.test('machine type: numbers are compared as numbers, and the new host may have dropped an old one', async (t) => {
  const machines = ['pc-i440fx-9.2', 'pc-i440fx-10.1', 'pc-i440fx-10.0'];
  t.match(refused({ machine: 'pc-i440fx-2.3' }, {}, { machines, virtualCpu: null }), [
    { has: 'pc-i440fx-10.1 as its newest' },
  ]);
});

t.test('emulator: it is there, and libvirt cannot start it, with libvirt’s own reason', async (t) => {
  const broken = { virtualCpu: null, complaint: 'Failed to start QEMU binary' };
  t.match(refused({}, {}, { ...broken, machines: [] }), [
    { feature: 'emulator path', has: 'Failed to start QEMU binary', fix: /--version` and `virsh domcapabilities/ },
  ]);
  t.match(features(refused({}, {}, broken)), ['emulator path'], 'libvirt has listed it before');
  t.match(features(refused({ machine: 'pc-i440fx-10.0' }, {}, broken)), ['machine type'], 'which is why');
  t.match(features(refused({}, {}, { ...broken, kvm: false })), ['acceleration'], 'or that is');
  t.same(refused({}, { virtualCpu: null }, broken), [], 'the VM runs where libvirt says the same');
});

t.test('QEMU: the way back to an older one that has the machine type is a doubt', async (t) => {
  t.match(doubted({}, {}, { qemuVersion: '9.2.0' }), [
    { feature: 'QEMU version', why: /9\.2\.0.*older than 10\.0\.2/ },
  ]);
  t.same(judged({}, { qemuVersion: '9.2.0' }, {}), { refusals: [], doubts: [] });
  t.same(doubted({}, {}, { qemuVersion: '' }), []);
  t.same(doubted({}, { qemuVersion: '10.0' }, { qemuVersion: '10.0.0' }), []);
});

t.test('CPU: a named model by libvirt’s own word, with the features that both ends’ lists tell', async (t) => {
  const cpuVerdict = 'CPU described in /dev/stdin is incompatible with the CPU provided by hypervisor on the host';
  t.match(refused({}, {}, { cpuVerdict, virtualCpu: null }), [{ feature: 'CPU', why: /incompatible with the CPU/ }]);
  const there = { hostModel: cpuModel({ name: 'Westmere', required: [] }), blockers: ['hle', 'rtm'] };
  t.match(refused({}, {}, { cpuVerdict, virtualCpu: there }), [
    {
      wanted: 'Skylake-Client +vmx',
      has: 'Westmere -hle -rtm -vmx',
      why: 'shop has the CPU Skylake-Client, and node-b cannot give it, which lacks hle, rtm, vmx',
      fix: /vxmig plan FILE/,
    },
  ]);
  const less = { hostModel: cpuModel({ disabled: ['avx2'] }), blockers: [] };
  t.match(refused({}, {}, { cpuVerdict, virtualCpu: less }), [{ has: 'Skylake-Client -avx2' }]);
  t.same(refused({}, {}, { virtualCpu: less }), [], 'what the VM does not use may be missing');
  const cpu = { mode: 'custom', model: 'Skylake-Client', required: ['vmx'], disabled: ['hle'] };
  t.match(
    refused({ cpu }, {}, { cpuVerdict, virtualCpu: there }),
    [{ why: /which lacks rtm, vmx$/ }],
    'nor is named what the VM has been started without',
  );
});

t.test('CPU: the host’s own under KVM is compared processor by processor, which libvirt does not do', async (t) => {
  const own = { cpu: { mode: 'host-passthrough', model: '', required: [], disabled: [] } };
  const to = (flags: string[], model = 'GenuineIntel 6 143') => ({ cpu: { model, flags } });
  t.same(refused(own, {}, to(['avx2', 'sse4_2', 'amx'])), []);
  t.match(refused(own, {}, to(['sse4_2'])), [{ why: /host-passthrough.*node-b lacks avx2/, has: /-avx2/ }]);
  t.match(refused(own, {}, to(['avx2', 'sse4_2'], 'GenuineIntel 6 85')), [
    { why: /node-b has another one \(GenuineIntel 6 85\)/ },
  ]);
  t.same(refused({}, {}, to(['sse4_2'])), [], 'one with a model of its own is not the host’s');
  t.match(refused(own, to(['a']), to(['a', 'b'])), [], 'more is no hindrance one way');
  t.match(refused(own, to(['a', 'b']), to(['a'])), [{ feature: 'CPU' }], 'and is one the other way');
});

t.test('CPU: all that QEMU emulates is more with each version, whatever the processors are', async (t) => {
  const all = { acceleration: 'qemu', cpu: { mode: 'maximum', model: '', required: [], disabled: [] } };
  t.same(refused(all, {}, { cpu: { model: 'AuthenticAMD 25 1', flags: [] } }), []);
  t.match(refused(all, {}, { qemuVersion: '7.2.22' }), [{ feature: 'CPU', has: 'QEMU 7.2.22' }]);
  t.match(refused(all, { qemuVersion: '7.2.22' }, {}), [{ feature: 'CPU', has: 'QEMU 10.0.2' }], 'both ways');
  const less = { hostModel: cpuModel({ disabled: ['avx2'] }), blockers: [] };
  t.match(refused(all, {}, { virtualCpu: less }), [{ has: 'QEMU 10.0.2 -avx2', why: /lacks avx2/ }]);
});

t.test('datapath: only from the kernel to userspace, and only with offloads', async (t) => {
  const nics = { offloadingNics: ['52:54:00:09:00:01'] };
  t.match(refused(nics, { datapath: 'system' }, { datapath: 'netdev' }), [
    { feature: 'datapath', why: /ping and no TCP/, fix: /modprobe openvswitch/ },
  ]);
  t.same(refused(nics, { datapath: 'netdev' }, { datapath: 'system' }), []);
  t.same(refused(nics, { datapath: 'netdev' }, { datapath: 'netdev' }), [], 'it has no TCP where it is either');
  t.same(refused({}, { datapath: 'system' }, { datapath: 'netdev' }), []);
});

t.test('MTU: each way by itself; an end that answers no ping is a doubt', async (t) => {
  t.match(refused({}, { way: 'small' }, { way: 'full' }), [{ feature: 'MTU', host: 'node-a', wanted: /1500.*blue/ }]);
  t.match(refused({}, { way: 'full' }, { way: 'small' }), [{ host: 'node-b', why: /node-b gets small ones.*node-a/ }]);
  t.match(judged({}, { way: 'silent' }), { refusals: [], doubts: [{ feature: 'MTU' }] });
  t.same(judged({ path: { network: '', bytes: 0 } }, { way: 'silent' }), { refusals: [], doubts: [] });
  t.same(judged({}, { way: 'not asked' }), { refusals: [], doubts: [] });
});

t.test('offloads of taps: what the guest has turned on is refused, what it could have is a doubt', async (t) => {
  const used = new Map([['tap-web', ['csum', 'tso']]]);
  t.same(judged({}, { usedOffloads: used }), { refusals: [], doubts: [] });
  t.match(judged({}, { usedOffloads: used }, { tapOffloads: ['csum', 'tso'] }), {
    refusals: [],
    doubts: [{ feature: 'virtio-net offloads', why: /uso/ }],
  });
  t.match(refused({}, { usedOffloads: new Map([['tap-web', ['csum', 'uso']]]) }, { tapOffloads: ['csum', 'tso'] }), [
    { wanted: 'csum, uso', has: 'csum, tso' },
  ]);
  t.same(judged({}, { usedOffloads: used }, { tapOffloads: null }), { refusals: [], doubts: [] }, 'not known');
});

t.test('libvirt knows its own host by UUID and by name, and must not be led back to it', async (t) => {
  t.match(refused({}, {}, { hostUuid: 'uuid-of-node-a' }), [
    { feature: 'libvirt host UUID', fix: /host_uuid.*libvirtd.conf.*restart libvirtd/ },
  ]);
  t.match(refused({}, { hostName: 'localhost' }, { hostName: 'localhost' }), [
    { feature: 'host name', has: 'localhost', fix: /hostnamectl/ },
  ]);
  t.same(refused({}, { hostUuid: '', hostName: '' }, { hostUuid: '', hostName: '' }), []);
  for (const address of ['127.0.1.1', '127.0.0.1', '::1', '::ffff:127.0.0.1'])
    t.match(refused({}, { farAddresses: ['198.18.2.10', address] }), [{ host: 'node-a', has: address }]);
  t.same(refused({}, { farAddresses: ['198.18.2.10', 'fd00::7f00:1'] }), []);
});

t.test('huge pages: too few of them are told with the numbers, and how to have more', async (t) => {
  const [mib, own] = [2 ** 20, [{ pageBytes: null, bytes: 4 * GIB }]];
  const has = (free: readonly (readonly [number, number])[], hugePageBytes: number | null = 2 * mib) => ({
    freeHugePages: new Map(free),
    hugePageBytes,
  });
  t.same(refused({ hugePages: own }, {}, has([[2 * mib, 2048]])), []);
  t.match(refused({ hugePages: own }, {}, has([[2 * mib, 2000]])), [
    {
      feature: 'huge pages',
      wanted: '2048 of 2 MiB',
      has: '2000 of 2 MiB free',
      why: 'shop has its memory in huge pages: it needs 2048 of 2 MiB, and node-b has 2000 of them free',
      fix: /`echo \$\(\(\$\(cat \/sys\/kernel\/mm\/hugepages\/hugepages-2048kB\/nr_hugepages\) \+ 48\)\) >\/sys/,
    },
  ]);
  t.match(refused({ hugePages: [{ pageBytes: GIB, bytes: 4 * GIB }] }, {}, has([[2 * mib, 9999]])), [
    { why: /needs 4 of 1 GiB, and node-b has no pages of that size/, fix: /hugepagesz/ },
  ]);
  t.match(refused({ hugePages: own }, {}, has([], null)), [{ why: /4 GiB of its memory in huge pages.* none at all/ }]);
  const parts = [...own, { pageBytes: 2 * mib, bytes: GIB }, { pageBytes: GIB, bytes: GIB }];
  const two = refused({ hugePages: parts }, {}, has([[2 * mib, 2559]]));
  t.match(two, [{ why: /needs 2560 of 2 MiB/ }, { why: /needs 1 of 1 GiB/ }], 'of each size what all parts need');
});

t.test('huge pages: of the size that is asked for, or of the host’s own', async (t) => {
  const small = 2 ** 21;
  const wants = (pageBytes: number | null) => ({ hugePages: [{ pageBytes, bytes: GIB }] });
  const has = (size: number, free: number, hugePageBytes = small) => ({
    freeHugePages: new Map([[size, free]]),
    hugePageBytes,
  });
  t.same(refused(wants(small), {}, has(small, 512)), []);
  t.match(refused(wants(small), {}, has(small, 511)), [
    { wanted: '512 of 2 MiB', has: '511 of 2 MiB free', fix: /hugepages-2048kB\/nr_hugepages\) \+ 1\)\)/ },
  ]);
  t.match(refused(wants(GIB), {}, has(small, 9999)), [{ has: '0 of 1 GiB free' }]);
  t.same(refused(wants(null), {}, has(small, 512)), []);
  t.match(refused(wants(null)), [{ has: 'none', fix: /hugetlbfs/ }]);
});
