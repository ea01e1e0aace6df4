import t from 'tap';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';
import { diskParts } from '../../../lib/plan/disk-parts.js';
import { judgeMove, type MoveSight } from '../../../lib/plan/move-verdict.js';

const MOVE = { vm: 'shop', shellDomain: "'my shop'", from: 'node-a', to: 'node-b' };
const NOTHING = { bootId: '', addresses: [], parts: [] };

function sight(devices: string, change: Partial<MoveSight> = {}, head = ''): MoveSight {
  const xml = `<domain type='kvm'><name>my shop</name>${head}<devices>${devices}</devices></domain>`;
  return {
    definition: DomainDefinition.parse(xml),
    snapshots: [],
    checkpoints: [],
    busy: [],
    parts: [],
    source: { host: 'node-a', ...NOTHING },
    destination: { host: 'node-b', ...NOTHING },
    tokens: [],
    qemuVersion: '10.0.2',
    macs: [],
    offer: { devices: ['lo'], networks: new Map(), paths: [] },
    ...change,
  };
}

const whyNot = (seen: MoveSight) => judgeMove(MOVE, seen).obstacles.map(({ why }) => why);

t.test('a VM without disks has nothing to prove', async (t) => {
  t.same(judgeMove(MOVE, sight('')), { storage: { disks: [], copies: [] }, obstacles: [], remarks: [] });
});

t.test('what libvirt refuses is told before, with the command that fixes it', async (t) => {
  const snapshot = judgeMove(MOVE, sight('', { snapshots: ['before-upgrade'] })).obstacles;
  t.match(snapshot, [
    { why: /keeps a snapshot of shop \(before-upgrade\)/, fix: /virsh snapshot-delete 'my shop' NAME --metadata/ },
  ]);
  t.match(judgeMove(MOVE, sight('', { checkpoints: ['monday', 'tuesday'] })).obstacles, [
    {
      why: /keeps 2 checkpoints of shop \(monday, tuesday\), and would forget by a move/,
      fix: /virsh checkpoint-delete 'my shop' NAME --metadata/,
    },
  ]);
  t.match(whyNot(sight('', { busy: ['vda'] })), [/vda of shop is being copied/]);
  const mirror = "<disk type='file'><target dev='vdb'/><mirror type='file' job='copy'/></disk>";
  t.match(whyNot(sight(mirror)), [/vdb of shop is being copied/]);
});

t.test('a part of the host keeps the VM there', async (t) => {
  const pci = "<source><address domain='0x0000' bus='0x3b' slot='0x02' function='0x0'/></source>";
  t.match(whyNot(sight(`<hostdev mode='subsystem' type='pci'>${pci}</hostdev>`)), [
    /has a device of the host \(pci 0x0000 0x3b/,
  ]);
  t.match(whyNot(sight(`<interface type='hostdev'>${pci}</interface>`)), [/has a device of the host/]);
  t.same(
    whyNot(sight(`<interface type='hostdev'>${pci}<teaming type='transient' persistent='ua-x'/></interface>`)),
    [],
  );
  t.match(whyNot(sight("<filesystem type='mount'><source dir='/srv/share'/></filesystem>")), [
    /directory of the host \(9p: \/srv\/share\)/,
  ]);
  t.match(whyNot(sight("<filesystem type='mount'><driver type='virtiofs'/><source dir='/srv'/></filesystem>")), [
    /virtiofs: \/srv/,
  ]);
  t.match(whyNot(sight("<shmem name='ivshmem0'/>")), [/shared memory/]);
});

t.test('what is beside disks counts, too, and what only changes is told', async (t) => {
  const user = "<interface type='user'><mac address='52:54:00:00:00:0a'/></interface>";
  t.match(judgeMove(MOVE, sight(user)), { storage: { disks: [] }, remarks: [/connections end with the move/] });
  t.strictSame(judgeMove(MOVE, sight(user, { macs: ['52:54:00:00:00:0A'] })).remarks, []);
  const all = `<interface type='bridge'><mac address='52:54:00:00:00:0a'/><source bridge='br7'/></interface>
    <graphics type='vnc' listen='198.51.100.1'/><tpm><backend type='emulator'/></tpm>`;
  const block = '<os><nvram type="block"/></os>';
  t.match(whyNot(sight(all, {}, block)), [/a TPM/, /bridge br7/, /firmware/, /198\.51\.100\.1/]);
  const features = judgeMove(MOVE, sight(all, {}, block)).obstacles.map(({ feature }) => feature);
  t.strictSame(features, ['device', 'NIC', 'firmware variables', 'screen'], 'each by its name');
});

t.test('all that QEMU opens is found in a live definition', async (t) => {
  const xml = `<domain type='kvm'><name>x</name><os><kernel>/k</kernel><initrd>/i</initrd></os><devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/>
      <source file='/srv/top.qcow2' index='1'>
      <dataStore type='file'><format type='raw'/><source file='/srv/data.raw'/></dataStore></source>
      <backingStore type='file' index='3'><format type='qcow2'/><source file='/srv/mid.qcow2'/>
        <backingStore type='network' index='4'>
          <source protocol='nbd' name='base'><host name='nas'/></source><backingStore/></backingStore>
      </backingStore><target dev='vda'/></disk>
    <disk type='file' device='cdrom'><target dev='hdc'/><readonly/></disk>
    <disk type='volume' device='disk'><source pool='fast' volume='db'/><target dev='vdb'/></disk>
    <disk type='network' device='disk'>
      <source protocol='nbd' name='x'><host transport='unix' socket='/run/x'/></source><target dev='vdc'/></disk>
    <disk type='nvme' device='disk'><source type='pci' namespace='1'/><target dev='vdd'/></disk>
    </devices></domain>`;
  const parts = diskParts(DomainDefinition.parse(xml)).map(({ name, use, cache, place }) => [name, use, cache, place]);
  t.same(parts, [
    ['vda', 'written', 'none', { kind: 'path', path: '/srv/top.qcow2' }],
    ["vda's data file", 'written', 'none', { kind: 'path', path: '/srv/data.raw' }],
    ["vda's backing file", 'read', 'none', { kind: 'path', path: '/srv/mid.qcow2' }],
    [
      "vda's backing file",
      'read',
      'none',
      { kind: 'server', protocol: 'nbd', export: 'base', servers: [{ name: 'nas', port: 10809, socket: null }] },
    ],
    ['vdb', 'written', 'default', { kind: 'volume', pool: 'fast', volume: 'db' }],
    [
      'vdc',
      'written',
      'default',
      { kind: 'server', protocol: 'nbd', export: 'x', servers: [{ name: '', port: 10809, socket: '/run/x' }] },
    ],
    ['vdd', 'written', 'default', { kind: 'other', type: 'nvme' }],
    ['kernel', 'boot', 'default', { kind: 'path', path: '/k' }],
    ['initrd', 'boot', 'default', { kind: 'path', path: '/i' }],
  ]);
});
