import { chmodSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { cpuModelIn, machinesIn, virtualCpuIn } from '../../../lib/compute/libvirt/capabilities.js';
import { observeOffer, parseOffer } from '../../../lib/compute/libvirt/offer-sight.js';
import { ScriptedShell } from '../controller/scripted-shell.js';
import { RecordingShell } from '../host/recording-shell.js';
import { request } from '../negotiate/ends.js';

const QUESTION = {
  request: request({ cpu: { mode: 'custom', model: 'Haswell', required: [], disabled: [] } }),
  definition: '<domain/>',
  end: 'destination',
  far: '198.18.1.10',
  farName: '',
  taps: ['tap-web'],
  local: { networks: [], paths: [] },
  datapath: null,
} as const;

const CAPABILITIES = `<capabilities>
  <host><uuid>DC9FB248-dd1c-4327-a3d7-2ad265f5ed42</uuid><cpu><arch>x86_64</arch></cpu></host>
  <guest><arch name='i686'><machine>pc</machine></arch></guest>
  <guest><arch name='x86_64'><emulator>/usr/bin/qemu-system-x86_64</emulator>
    <machine maxCpus='255'>pc-i440fx-10.0</machine><machine canonical='pc-i440fx-10.0' maxCpus='255'>pc</machine>
    <domain type='qemu'/><domain type='kvm'/></arch></guest></capabilities>`;
const MODE = `<mode name='host-model' supported='yes'><model fallback='forbid'>EPYC</model><vendor>AMD</vendor>
  <feature policy='require' name='vaes'/><feature policy='disable' name='avx2'/></mode>`;
const CUSTOM = `<mode name='custom' supported='yes'><model usable='no'>Haswell</model>
  <blockers model='Haswell'><feature name='hle'/><feature name='rtm'/></blockers></mode>`;
const domcapabilities = (modes: string) => `<domainCapabilities><cpu>${modes}</cpu></domainCapabilities>`;

function printed(changes: Readonly<Record<string, string>> = {}): string {
  const parts = {
    way: 'full\n',
    offloads: 'csum\ntso\nasked\n',
    libvirt: 'Running hypervisor: QEMU 10.0.2\n\n',
    hostname: 'node-b.example\n',
    capabilities: CAPABILITIES,
    domcapabilities: domcapabilities(MODE + CUSTOM),
    compare: 'CPU described in /dev/stdin is a superset\n',
    emulator: 'yes\n',
    cpu: 'vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\nmodel name : Xeon\nflags : sse4_2 avx2\n',
    datapath: 'kernel\n',
    far: '198.18.1.10\n198.18.1.10\n',
    memory: 'MemAvailable:   2048 kB\nHugepagesize:       2048 kB\n',
    pages: '1048576 2 0\n2048 20 12\n',
    userfaultfd: '0\nmode 600\n',
    devices: '[{"ifname":"lo"},{"ifname":"br 0"}]\n',
    drivers: 'nfs\nsomething\n',
    used: 'tap-web csum\ntap-web tso\n',
    ...changes,
  };
  return `${Object.entries(parts)
    .map(([name, text]) => `\n=== ${name} ===\n${text}`)
    .join('')}\n=== end ===\n`;
}

const offerOf = (changes: Readonly<Record<string, string>> = {}, question = {}) =>
  parseOffer('node-b', printed(changes), { ...QUESTION, ...question });

t.test('of its block drivers a QEMU is asked for those alone that the VM needs', async (t) => {
  t.strictSame(offerOf()?.lackingDrivers, []);
  t.strictSame(offerOf({}, { request: request({ blockDrivers: ['nbd', 'nfs'] }) })?.lackingDrivers, ['nfs']);
});

t.test('all that a host says is read', async (t) => {
  t.match(offerOf(), {
    host: 'node-b',
    hostUuid: 'dc9fb248-dd1c-4327-a3d7-2ad265f5ed42',
    hostName: 'node-b.example',
    qemuVersion: '10.0.2',
    machines: ['pc-i440fx-10.0', 'pc'],
    kvm: true,
    emulator: true,
    virtualCpu: { hostModel: { name: 'EPYC', required: ['vaes'], disabled: ['avx2'] }, blockers: ['hle', 'rtm'] },
    complaint: '',
    cpuVerdict: null,
    cpu: { model: 'GenuineIntel 6 143', flags: ['sse4_2', 'avx2'] },
    datapath: 'system',
    way: 'full',
    farAddresses: ['198.18.1.10'],
    availableMemoryBytes: 2 ** 21,
    freeHugePages: new Map([
      [2 ** 30, 2],
      [2 ** 21, 8],
    ]),
    hugePageBytes: 2 ** 21,
    userfaultfd: false,
    tapOffloads: ['csum', 'tso'],
    usedOffloads: new Map([['tap-web', ['csum', 'tso']]]),
    devices: ['lo', 'br 0'],
    networks: new Map(),
    paths: [],
  });
});

t.test('what libvirt complains of is told as it says it, in its place', async (t) => {
  const said =
    'error: failed to get emulator capabilities\nerror: internal error: Failed to start QEMU binary\nno module tcg\n';
  t.match(offerOf({ domcapabilities: said }), {
    virtualCpu: null,
    complaint: 'internal error: Failed to start QEMU binary; no module tcg',
  });
  const compare = 'error: CPU described in /dev/stdin is incompatible with the CPU provided by hypervisor\n';
  t.match(offerOf({ compare })?.cpuVerdict, /^CPU described in .* is incompatible/);
  t.equal(parseOffer('node-b', printed({ capabilities: 'error: failed to connect' }), QUESTION), null);
});

t.test('what is not there is not known, and no number', async (t) => {
  const gone = {
    way: '',
    offloads: '',
    libvirt: '',
    hostname: '',
    datapath: '',
    pages: '',
    used: '',
    far: '',
    emulator: '',
  };
  t.match(offerOf(gone), {
    way: 'not asked',
    tapOffloads: null,
    qemuVersion: '',
    hostName: '',
    datapath: 'netdev',
    hugePageBytes: null,
    emulator: false,
    farAddresses: [],
  });
  t.equal(offerOf({ datapath: '' }, { datapath: 'system' })?.datapath, 'system', 'as the file says');
});

t.test('userfaultfd: by the sysctl, the device, or a QEMU that is root', async (t) => {
  for (const text of ['1\n', '0\nmode 666\n', '0\nmode 600\nuser root\n', 'user +0\n'])
    t.equal(offerOf({ userfaultfd: text })?.userfaultfd, true, text);
  for (const text of ['0\n', '', '0\nmode 600\nuser libvirt-qemu\n'])
    t.equal(offerOf({ userfaultfd: text })?.userfaultfd, false, text);
});

t.test('one session; a host whose libvirt says nothing is named', async (t) => {
  const shell = new ScriptedShell('node-b').on(/ offer /, printed());
  t.match(await observeOffer(shell, QUESTION), { host: 'node-b' });
  t.match(shell.asked, [
    / offer \S+ x86_64 pc-i440fx-9\.2 kvm destination 198\.18\.1\.10 1500 28 {3}0 0 tap-web <<< <domain\/>$/,
  ]);
  shell.on(/ offer /, { stderr: 'error: failed to connect to the hypervisor' });
  await t.rejects(observeOffer(shell, QUESTION), {
    code: 'COMMAND_FAILED',
    where: 'node-b',
    message: /failed to connect/,
  });
});

const NAT = "<network><name>default</name><forward mode='nat'/><bridge name='virbr0' stp='on'/></network>";

t.test('networks and paths that the definition names, in the order in which they were asked for', async (t) => {
  const answers = [`active=yes\n${NAT}`, 'error', 'active=no\n<network/>'].map(
    (text) => `\n=== network ===\n${text}\n`,
  );
  const local = { networks: ['default', 'lost', 'asleep'], paths: ['/x', '/y'] };
  const text = `${answers.join('')}\n=== path ===\n\n=== path ===\nthere\n`;
  const shell = new ScriptedShell('node-b').on(
    / 3 default lost asleep 2 \/x \/y tap-web <<< /,
    printed({ used: text }),
  );
  const offer = await observeOffer(shell, { ...QUESTION, local });
  t.strictSame(
    offer.networks,
    new Map([
      ['default', { isActive: true, bridge: 'virbr0', forward: 'nat' }],
      ['asleep', { isActive: false, bridge: null, forward: '' }],
    ]),
  );
  t.strictSame(offer.paths, ['/y']);
});

t.test('what is no answer is not taken for a host that has nothing', async (t) => {
  const refused = { code: 'HOST_UNFIT', where: 'node-b', message: /^node-b does not tell what it has for a VM/ };
  for (const devices of ['', 'no json\n']) t.throws(() => offerOf({ devices }), refused, devices);
  t.throws(() => offerOf({}, { local: { networks: ['default'], paths: [] } }), refused, 'a network is not told');
  t.throws(() => offerOf({}, { local: { networks: [], paths: ['/x'] } }), refused, 'nor a path');
  t.throws(() => parseOffer('node-b', printed().replace(/\n=== end.*/s, ''), QUESTION), refused, 'torn');
  for (const stdout of ['', 'Welcome!\n']) {
    const shell = new ScriptedShell('node-b').on(/ offer /, stdout);
    await t.rejects(observeOffer(shell, QUESTION), { code: 'COMMAND_FAILED', where: 'node-b' }, stdout);
  }
});

t.test('a host that is this machine tells of its devices, and of paths whatever they are called', async (t) => {
  const hostile = "it's $(touch pwned) `id`";
  const root = t.testdir({ shell: {}, files: { [hostile]: '' } });
  const { shell } = new RecordingShell(`${root}/shell`, []);
  const virsh = "#!/bin/sh\nprintf '%s\\n' '=== capabilities ===' '<capabilities/>'\n";
  writeFileSync(`${root}/shell/bin/virsh`, virsh);
  chmodSync(`${root}/shell/bin/virsh`, 0o755);
  const paths = [`${root}/files/${hostile}`, `${root}/files/none`];
  const asked = request({ path: { network: '', bytes: 0 }, emulator: '/bin/sh' });
  const local = { networks: [hostile], paths };
  const offer = await observeOffer(shell, { ...QUESTION, request: asked, local, taps: ['lo'] });
  t.ok(offer.devices.includes('lo'));
  t.strictSame(offer.paths, paths.slice(0, 1));
  t.strictSame([...offer.networks.keys()], []);
  t.match(offer, { emulator: true, way: 'not asked' });
  for (const [size, free] of offer.freeHugePages) t.ok(size > 4096 && free >= 0);
});

t.test('capabilities: what is not supported, not there or not XML', async (t) => {
  t.same(machinesIn(CAPABILITIES, 'aarch64'), { machines: [], kvm: false });
  t.match(machinesIn(CAPABILITIES, 'i686'), { machines: ['pc'], kvm: false });
  t.match(virtualCpuIn(domcapabilities(`<mode name='host-model' supported='no'/>${CUSTOM}`), 'qemu64'), {
    hostModel: null,
    blockers: [],
  });
  t.equal(virtualCpuIn('error: unsupported machine type', ''), null);
  t.match(cpuModelIn("<cpu mode='custom' match='exact'>\n<model fallback='forbid'>EPYC</model></cpu>"), {
    name: 'EPYC',
  });
  t.equal(cpuModelIn('error: CPUs are incompatible'), null);
});
