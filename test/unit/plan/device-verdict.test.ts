import t from 'tap';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';
import { judgeDevices } from '../../../lib/plan/device-verdict.js';
import { judgeVariables } from '../../../lib/plan/firmware-variables.js';
import { judgeScreens } from '../../../lib/plan/screen-verdict.js';

const MOVE = { vm: 'shop', shellDomain: "'my shop'", from: 'node-a', to: 'node-b' };

function domainWith(devices: string, head = ''): DomainDefinition {
  return DomainDefinition.parse(`<domain><name>x</name>${head}<devices>${devices}</devices></domain>`);
}

const why = (devices: string, head = '') => judgeDevices(MOVE, domainWith(devices, head)).map((one) => one.why);

t.test('what is of its host, or has its state there, is named', async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      "<filesystem type='mount'><driver type='virtiofs'/><source dir='/srv'/><target dir='t'/></filesystem>",
      /^shop has a directory of the host \(virtiofs: \/srv\), which is a part of node-a and cannot move$/,
    ],
    [
      "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>",
      /has a TPM \(emulator\), whose state is on/,
    ],
    [
      "<tpm><backend type='passthrough'><device path='/dev/tpm1'/></backend></tpm>",
      /has the TPM of node-a itself \(\/dev\/tpm1\)/,
    ],
    ["<input type='evdev'><source dev='/dev/input/event1'/></input>", /an input device of the host \(\/dev\/input/],
    ["<input type='passthrough'><source evdev='/dev/input/event2'/></input>", /input device of the host \(\/dev\/in/],
    ["<smartcard mode='host'/>", /a smart card of the host/],
    ["<memory model='nvdimm'><source><path>/tmp/pmem</path></source></memory>", /persistent memory .*\(\/tmp\/pmem\)/],
    ["<serial type='dev'><source path='/dev/ttyS0'/></serial>", /a port of the host \(serial: \/dev\/ttyS0\)/],
    ["<parallel type='pipe'><source path='/run/p'/></parallel>", /a pipe of the host \(parallel: \/run\/p\)/],
    ["<video><model type='virtio'><acceleration accel3d='yes'/></model></video>", /draws by the graphics card/],
    ["<hostdev mode='subsystem' type='mdev'><source><address uuid='c2'/></source></hostdev>", /host \(mdev c2\)/],
  ];
  for (const [devices, message] of cases) t.match(why(devices), [message], devices);
  t.match(why('', "<launchSecurity type='sev'/>"), [/its processor keeps encrypted \(sev\)/]);
  t.equal(why(cases.map(([devices]) => devices).join('')).length, cases.length, 'all at once');
});

t.test('what every host has moves', async (t) => {
  const devices = `<serial type='pty'/><console type='pty'/><channel type='unix'><target type='virtio'/></channel>
    <input type='tablet' bus='usb'/><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <smartcard mode='passthrough' type='spicevmc'/><redirdev bus='usb' type='spicevmc'/>
    <memory model='dimm'><target><size>1</size></target></memory><shmem name='s' role='master'/>
    <video><model type='virtio'><acceleration accel3d='no'/></model></video>`;
  t.strictSame(why(devices), []);
});

t.test('the first serial port is told once, though it is the console, too', async (t) => {
  const source = "<source path='/dev/ttyS0'/>";
  t.equal(why(`<serial type='dev'>${source}</serial><console type='dev'>${source}</console>`).length, 1);
});

t.test('the variables of a firmware come along, where libvirt can make a file for them', async (t) => {
  const judged = (nvram: string, paths: readonly string[] = []) =>
    judgeVariables(MOVE, domainWith('', `<os>${nvram}</os>`), {
      ...{ devices: [], networks: new Map(), freePages: new Map(), hugePageBytes: null },
      paths,
    });
  const file = "<nvram template='/usr/share/OVMF/VARS.fd'>/var/lib/libvirt/qemu/nvram/x_VARS.fd</nvram>";
  t.strictSame(judged(''), { obstacles: [], remarks: [] });
  t.strictSame(judged(file, ['/usr/share/OVMF/VARS.fd']), { obstacles: [], remarks: [] });
  t.match(judged(file).obstacles, [{ why: /variables of \/usr\/share\/OVMF\/VARS\.fd, which is not on node-b/ }]);
  t.match(judged(file, ['/var/lib/libvirt/qemu/nvram/x_VARS.fd']), {
    obstacles: [],
    remarks: [/x_VARS\.fd on node-b becomes what shop has of it on node-a/],
  });
  t.match(judged("<nvram type='file'><source file='/n/x.fd'/></nvram>", ['/n/x.fd']).remarks, [
    /^\/n\/x\.fd on node-b/,
  ]);
  t.match(judged('<loader>/usr/share/OVMF/CODE.fd</loader>').obstacles, [{ why: /firmware of shop.*not on node-b/ }]);
  t.strictSame(judged('<loader>/c.fd</loader>', ['/c.fd']).obstacles, []);
  t.match(judged("<nvram type='network'><source protocol='nbd'/></nvram>").obstacles, [{ why: /of the type network/ }]);
});

t.test('a screen listens where the new host has an address', async (t) => {
  const judged = (graphics: string) =>
    judgeScreens(MOVE, domainWith(graphics), ['198.51.100.2', 'fd00::2']).map((one) => one.why);
  const at = (address: string) =>
    judged(`<graphics type='vnc'><listen type='address' address='${address}'/></graphics>`);
  t.match(at('198.51.100.1'), [
    /^the screen of shop \(VNC\) listens at 198\.51\.100\.1, an address that node-b does not/,
  ]);
  t.match(at('fd00::1'), [/fd00::1/]);
  for (const address of ['0.0.0.0', '127.0.0.1', '::', '198.51.100.2', 'fd00::2', 'localhost'])
    t.strictSame(at(address), [], address);
  t.match(judged("<graphics type='spice' listen='192.0.2.1'/>"), [/SPICE/]);
  t.strictSame(judged("<graphics type='vnc' port='-1'/><graphics type='vnc'><listen type='socket'/></graphics>"), []);
});
