import t from 'tap';
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
