import t from 'tap';
import { observeOffer } from '../../../lib/compute/libvirt/host-offer.js';
import { ScriptedShell } from '../controller/scripted-shell.js';
import { RecordingShell } from '../host/recording-shell.js';

const NAT = "<network><name>default</name><forward mode='nat'/><bridge name='virbr0' stp='on'/></network>";

t.test('a host that is this machine tells of its devices, and of paths whatever they are called', async (t) => {
  const hostile = "it's $(touch pwned) `id`";
  const root = t.testdir({ shell: {}, files: { [hostile]: '' } });
  const { shell } = new RecordingShell(`${root}/shell`, []);
  const paths = [`${root}/files/${hostile}`, `${root}/files/none`];
  const offer = await observeOffer(shell, { networks: [], paths });
  t.ok(offer.devices.includes('lo'));
  t.strictSame(offer.paths, paths.slice(0, 1));
  for (const [size, free] of offer.freePages) t.ok(size > 4096 && free >= 0);
});

t.test('networks, and pages less those that are promised', async (t) => {
  const answers = [`=== network\nactive=yes\n${NAT}\n`, '=== network\nerror\n', '=== network\nactive=no\n<network/>\n'];
  const pages = '2048 10 4\n1048576 0 0\ndefault 2048\n';
  const shell = new ScriptedShell('node-b').on(
    /^sh -s -- 3 default lost asleep \/x <<< /,
    `=== devices\n[{"ifname":"lo"},{"ifname":"br 0"}]\n=== pages\n${pages}${answers.join('')}=== path\n=== end\n`,
  );
  t.strictSame(await observeOffer(shell, { networks: ['default', 'lost', 'asleep'], paths: ['/x'] }), {
    devices: ['lo', 'br 0'],
    networks: new Map([
      ['default', { isActive: true, bridge: 'virbr0', forward: 'nat' }],
      ['asleep', { isActive: false, bridge: null, forward: '' }],
    ]),
    freePages: new Map([
      [2 ** 21, 6],
      [2 ** 30, 0],
    ]),
    hugePageBytes: 2 ** 21,
    paths: [],
  });
});

t.test('what is no answer is not taken for a host that has nothing', async (t) => {
  for (const printed of [
    '',
    'Welcome!\n',
    '=== devices\nno json\n=== pages\n=== end\n',
    '=== devices\n[]\n=== pages\n',
  ]) {
    const shell = new ScriptedShell('node-b').on(/^sh -s -- 0/, printed);
    await t.rejects(observeOffer(shell, { networks: [], paths: [] }), { code: 'HOST_UNFIT', where: 'node-b' }, printed);
  }
});
