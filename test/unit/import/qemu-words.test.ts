import t from 'tap';
import { importVm } from '../../../lib/import/import.js';
import { Properties } from '../../../lib/import/qemu/properties.js';
import { readCommands } from '../../../lib/import/qemu/shell-words.js';
import { imported } from './fixture.js';

/** Each command as its words; what only a running shell could tell is in ‹ ›. */
function words(text: string): string[][] {
  return readCommands(text).map((command) =>
    command.words.map((word) => (word.unknown === null ? word.text : `‹${word.text}›`)),
  );
}

t.test('words as a shell makes them', async (t) => {
  const cases: readonly (readonly [text: string, expected: readonly (readonly string[])[]])[] = [
    ['a \'b c\' "d \\" e" f\\ g', [['a', 'b c', 'd " e', 'f g']]],
    ['a \\\n  b # c\nd', [['a', 'b'], ['d']]],
    ['a "" b', [['a', '', 'b']]],
    ['a#b', [['a#b']]],
    ['a > /x 2>&1 | b &', [['a'], ['b']]],
    ['a >> x < y b', [['a', 'b']]],
    ['a <<E\n$(rm -rf /)\n"\nE\nb', [['a'], ['b']]],
    [`X="1 2"; a $X "$X" \${X}3`, [['a', '1', '2', '1 2', '1', '23']]],
    ['X=a\nX="$X b"\nX+=" c"\nq $X', [['q', 'a', 'b', 'c']]],
    [`L=(-a "b c") ; L+=(d)\nq "\${L[@]}" "\${L[*]}"`, [['q', '-a', 'b c', 'd', '-a b c d']]],
    [`q \${M:-2G} \${N-x}`, [['q', '2G', 'x']]],
    [
      `q $(id) \`id\` $1 "$@" $HOME \${X%y} "a$(id)b"`,
      [['q', '‹$(id)›', '‹`id`›', '‹$1›', '‹$@›', '‹$HOME›', `‹\${X%y}›`, '‹a$(id)b›']],
    ],
    ['if x; then Y=1; fi; q $Y', [['x'], ['q', '‹$Y›']]],
    ['Y=1; x && Y=2; q $Y', [['x'], ['q', '‹$Y›']]],
    [
      'read Z; Z2=$Z; q "$Z2"',
      [
        ['read', 'Z'],
        ['q', '‹$Z2›'],
      ],
    ],
    ['export A=1 B=2\nq $A$B', [['q', '12']]],
    ["q '$A' \\$A $", [['q', '$A', '$A', '$']]],
    ['q {"a":{"b":"c d}"}} e', [['q', '{"a":{"b":"c d}"}}', 'e']]],
    ['f() { q -a; }', [['f'], ['q', '-a']]],
    ['q $(a "b)" (c))d', [['q', '‹$(a "b)" (c))d›']]],
  ];
  for (const [text, expected] of cases) t.strictSame(words(text), expected, text);
});

t.test('a quote that does not end has its place', async (t) => {
  for (const [text, where] of [
    ["qemu-kvm -m 1\n  -name 'x", '2:9'],
    ['qemu-kvm -name "x', '1:16'],
    ['qemu-kvm -m $(x', '1:13'],
    ['qemu-kvm -m `x', '1:13'],
    ['A=(a\nqemu-kvm -m 1', '1:3'],
  ] as const)
    t.throws(() => imported(text, {}, 'x.sh'), { code: 'IMPORT_INVALID', where: `x.sh:${where}` }, text);
});

t.test('variables that double without end are stopped', async (t) => {
  const lines = Array.from({ length: 60 }, (_, index) => `A${index + 1}="$A${index}$A${index}"`);
  const text = ['A0=aaaaaaaaaaaaaaaa', ...lines, 'qemu-kvm -m 1 -name $A60'].join('\n');
  t.throws(() => imported(text), { code: 'IMPORT_INVALID', message: /grow without end/ });
});

t.test('of libvirt’s log of a domain the last start counts', async (t) => {
  const started = (memory: number) =>
    `2026-01-0${memory} 10:00:00.000+0000: starting up libvirt version: 9.0.0, package: 4 (it's "Debian"\n` +
    `LC_ALL=C \\\n/usr/bin/qemu-system-x86_64 \\\n-name guest=web,debug-threads=on \\\n-m ${memory} \\\n-nodefaults\n` +
    `char device redirected to /dev/pts/1 (label charserial0)\n` +
    `2026-01-01T11:00:00.0Z qemu-system-x86_64: warning: this isn't "good\n`;
  const { vm, notCarried } = imported(started(1) + started(2), {}, 'web.log');
  t.equal(`${vm.domain} ${vm.memory}`, 'web 2MiB');
  t.match(notCarried, [
    { what: '1 earlier starts', why: /the last one counts/, place: { line: 1 } },
    { what: 'LC_ALL=C', place: { line: 10, column: 1 } },
    { what: '-nodefaults', place: { line: 14, column: 1 } },
  ]);
  t.equal(imported(started(3).replaceAll('\n', '\r\n')).vm.memory, '3MiB');
});

t.test('ps prints no quotes: values with blanks in them go on up to the next option', async (t) => {
  const line =
    'qemu-kvm -nodefaults -name my vm -m 64 -kernel /k -append root=/dev/vda1 ro -- quiet -smbios type=1,product=A B';
  const { vm, domain, changed, notCarried } = imported(line);
  t.equal(vm.domain, 'my vm');
  t.match(domain, '<cmdline>root=/dev/vda1 ro -- quiet</cmdline>');
  t.match(domain, "<entry name='product'>A B</entry>");
  t.equal(changed.filter(({ why }) => why.startsWith('it has no quotes')).length, 3);
  t.strictSame(
    notCarried.map(({ what }) => what),
    ['-nodefaults'],
  );
  const quoted = imported("qemu-kvm -nodefaults -m 64 -kernel /k -append 'root=/dev/vda1 ro' stray");
  t.match(quoted.domain, '<cmdline>root=/dev/vda1 ro</cmdline>');
  t.ok(quoted.notCarried.some(({ what }) => what === 'stray'));
  const exact = imported(['qemu-kvm', '-nodefaults', '-kernel', '/k', '-append', 'ro', 'stray'].join('\0'));
  t.match(exact.domain, '<cmdline>ro</cmdline>');
});

t.test('whatever QEMU is called', async (t) => {
  for (const program of [
    'qemu-system-x86_64',
    '/usr/libexec/qemu-kvm',
    'kvm',
    'kvm-spice',
    'qemu-kvm-one',
    'qemu-system-x86_64-headless',
    'qemu-system-x86_64-9.2.0',
  ]) {
    const { source, vm } = imported(`sudo -E ${program} -accel kvm -cpu host -name a -m 64`);
    t.equal(`${source} ${vm.name} ${vm.memory}`, 'qemu a 64MiB', program);
  }
  for (const line of ['qemu-img create -f qcow2 /a 1G', './emulator -accel kvm -cpu host', 'qemu-nbd -c /dev/nbd0 /a'])
    t.throws(
      () => importVm(line, 'x', { from: 'qemu', host: 'host-a', network: null }),
      { code: 'IMPORT_INVALID' },
      line,
    );
});

t.test('settings of an option', async (t) => {
  const of = (text: string, first: string | null = null) =>
    Object.fromEntries(Properties.of(text, first, { text: '-x', place: null }).entries());
  t.strictSame(of('file=/a,,b.img,if=none,readonly', null), { file: '/a,b.img', if: 'none', readonly: '' });
  t.strictSame(of('socket,id=x,server,nowait', 'backend'), { backend: 'socket', id: 'x', server: '', wait: 'off' });
  t.strictSame(of('/dir/a=b.img,format=raw', 'file'), { file: '/dir/a=b.img', format: 'raw' });
  t.strictSame(of('{"a":{"b":true,"c":null},"d":[1,{"e":2}]}'), {
    'a.b': 'on',
    'a.c': 'null',
    'd.0': '1',
    'd.1.e': '2',
  });
  t.strictSame(of('{broken', 'file'), { file: '{broken' });
});
