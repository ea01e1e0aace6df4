import fc from 'fast-check';
import t from 'tap';
import { importVm } from '../../../lib/import/import.js';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';
import { VxmigError } from '../../../lib/model/errors.js';
import { FIXTURE_NAMES, fixture, imported, topologyWith } from './fixture.js';

/** Words of both, so that much of what is made up is nearly right. */
const PIECES = [
  ...[
    'qemu-system-x86_64 ',
    'kvm ',
    '-m ',
    '-smp ',
    '-drive ',
    '-device ',
    '-netdev ',
    '-blockdev ',
    '-cpu ',
    '-name ',
  ],
  ...[
    'file=/a.img,',
    'if=none,',
    'id=x,',
    'drive=x,',
    'virtio-blk-pci,',
    'virtio-net-pci,',
    'netdev=x,',
    'tap,',
    'user,',
  ],
  ...[
    '{"driver":"raw","file":"x","node-name":"x"}',
    "'",
    '"',
    '\\',
    '\n',
    '\\\n',
    '$',
    `\${X}`,
    '$(',
    '`',
    '(',
    ')',
    '#',
  ],
  ...[
    'name = ',
    'memory = ',
    'vif = ',
    'disk = ',
    '[',
    ']',
    ',',
    '=',
    "'mac=00:16:3e:00:00:01'",
    "'phy:/dev/x,xvda,w'",
  ],
  ...[
    '128',
    '4096',
    '0x10',
    '-1',
    '9'.repeat(30),
    '1G',
    'on',
    'off',
    'import os',
    ':',
    ';',
    '&&',
    '<<E',
    '\0',
    'é',
    '\u202e',
  ],
  ...[
    '-append ',
    '-smbios ',
    'type=1,uuid=',
    '-numa ',
    'node,',
    '-object ',
    '-chardev ',
    '-vnc ',
    ':1',
    '-boot ',
    'once=d',
  ],
];

const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join('')),
  fc
    .tuple(fc.constantFrom(...FIXTURE_NAMES), fc.nat(), fc.nat({ max: 40 }), fc.constantFrom(...PIECES, ''))
    .map(([name, at, length, piece]) => {
      const whole = fixture(name);
      const start = at % whole.length;
      return whole.slice(0, start) + piece + whole.slice(start + length);
    }),
);

t.test('whatever is in the file, it is a VM that vxmig and libvirt can read, or an error with its place', async (t) => {
  fc.assert(
    fc.property(text, fc.constantFrom('xen', 'qemu', null), (input, from) => {
      try {
        const conversion = importVm(input, 'x.cfg', { from, host: 'host-a', network: 'blue' });
        DomainDefinition.parse(conversion.domain);
        topologyWith(conversion);
      } catch (error) {
        if (!(error instanceof VxmigError)) throw error;
        if (error.code !== 'IMPORT_INVALID' || !/^x\.cfg:\d+:\d+$/.test(error.where ?? '')) throw error;
      }
    }),
    { numRuns: 3000 },
  );
  t.pass('3000 files');
});

/** That it ends at all is what is tried: each of these took more than linear time in some reader of such files. */
t.test('what grows is read in one go', async (t) => {
  const many = 60_000;
  const inputs = [
    `name = "x"\nmemory = 1\n${'x = x\n'.repeat(many / 2)}`,
    `memory = 1\nx = ${"'a' + ".repeat(many / 2)}'a'`,
    `memory = 1\nx = [${'1,'.repeat(many)}`,
    `memory = 1\nx = "a"\n${'x = x + x\n'.repeat(5000)}`,
    `memory = 1\n${'['.repeat(many)}`,
    `qemu-kvm -m 1 ${'-device x,'.repeat(many / 4)}`,
    `qemu-kvm -m 1 -drive ${'a=b,'.repeat(many / 2)}`,
    `qemu-kvm -m 1 ${'$('.repeat(many)}`,
    `qemu-kvm -m 1 ${'{"'.repeat(many)}`,
    `qemu-kvm -m 1 -blockdev ${'{"a":'.repeat(10_000)}`,
    `A=${'b '.repeat(10)}\n${'A="$A$A"\n'.repeat(1000)}qemu-kvm -m 1 $A`,
    `qemu-kvm -m 1 -blockdev node-name=a,file=b -blockdev node-name=b,file=a -device virtio-blk-pci,drive=a`,
    `qemu-kvm -m 1 -name ${'é'.repeat(many)}`,
    `qemu-kvm ${'-hda /x '.repeat(20_000)}`,
    '#\n'.repeat(many),
    `qemu-kvm ${'\\\n'.repeat(many)}x`,
    `memory=1\ndisk=["${'phy:'.repeat(many)}"]`,
  ];
  for (const input of inputs)
    try {
      topologyWith(imported(input));
    } catch (error) {
      t.ok(error instanceof VxmigError, `${input.slice(0, 40)}…: ${error}`);
    }
});

t.test('what no configuration is', async (t) => {
  const cases: readonly (readonly [input: string, where: string, message: RegExp])[] = [
    ['', '1:1', /it is empty/],
    [' \n ', '1:1', /it is empty/],
    ['name = "x"\nmemory = 1\u0007', '2:11', /a control character/],
    [`# ${'x'.repeat(2 ** 18)}`, '1:1', /more than 256 KiB/],
    ['Dear Sir or Madam', '1:1', /neither like a Xen configuration .* nor like a QEMU command line/],
    ['qemu-kvm -m 1\nqemu-kvm -m 2', '2:1', /a second QEMU is started here, after the one in line 1/],
    ['qemu-kvm -m lots', '1:10', /`-m lots` is no size/],
    ['qemu-kvm -m -5', '1:10', /is no size/],
  ];
  for (const [input, where, message] of cases)
    t.throws(
      () => imported(input, {}, 'x'),
      { code: 'IMPORT_INVALID', message, where: `x:${where}`, hint: /./ },
      where,
    );
  t.throws(() => importVm('echo hello', 'x', { from: 'qemu', host: 'host-a', network: null }), {
    message: /no command here starts QEMU with options/,
  });
});
