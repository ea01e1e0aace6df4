import t from 'tap';
import { problemsOf, SAMPLE } from './sample.js';

t.test('what is not YAML is told with its place', async (t) => {
  t.match(problemsOf('version: 1\nhosts: {a: [}\n'), [/^2:\d+ not YAML/]);
  t.match(problemsOf('version: 1\n\tname: x\n'), ['2:1 a tab as indentation']);
  t.match(problemsOf('networks:\n  blue:\n    mesh: hub: host-a\n'), [/^3:\d+ a second `key:` on the same line/]);
  t.match(problemsOf(`${SAMPLE}---\n${SAMPLE}`), [/^24:\d+ a second document begins here/]);
  t.match(problemsOf(SAMPLE.replace('sample', '!secret sample')), [/Unresolved tag/]);
});

t.test('an empty file and one that is no map', async (t) => {
  t.same(problemsOf(''), ['1:1 the file is empty']);
  t.same(problemsOf('- 1\n'), ['1:1 the file: [1] is not a topology']);
});

t.test('duplicate keys, however they are written', async (t) => {
  t.same(problemsOf(`${SAMPLE}"name": again\n`), ['24:1 the key `name` is there twice']);
});

t.test('hostile files are refused, not parsed', async (t) => {
  t.same(problemsOf('['.repeat(100_000)), ['1:1 nested more than 32 levels deep']);
  t.same(problemsOf(`a:\n  ${'- '.repeat(100_000)}`), ['2:1 nested more than 32 levels deep']);
  const stairs = Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n');
  t.match(problemsOf(stairs), [/nested more than 32 levels deep/]);
  t.same(problemsOf(`# ${'x'.repeat(2 ** 20)}\n`), ['1:1 the file is larger than 1 MiB']);
  const bomb = [
    'a: &a [1,1,1,1,1,1,1,1]',
    'b: &b [*a,*a,*a,*a,*a,*a,*a,*a]',
    'c: &c [*b,*b,*b,*b,*b,*b,*b,*b]',
    'd: [*c,*c]',
  ];
  t.match(problemsOf(bomb.join('\n')), [/^2:8 aliases: Excessive alias count/]);
});

t.test('quoted brackets are no nesting, and aliases may be used', async (t) => {
  t.same(problemsOf(`# ${'['.repeat(100)}\n${SAMPLE}`), []);
  const text = SAMPLE.replace('left: {cidr: 198.18.1.0/24}', 'left: {cidr: &prefix 198.18.1.0/24}');
  t.same(problemsOf(text.replace('cidr: 198.18.2.0/24', 'cidr: *prefix')), [
    '6:17 198.18.1.0/24 overlaps 198.18.1.0/24 of segment left',
    '9:38 198.18.2.10 is outside segment right',
  ]);
});

t.test('names that JavaScript’s objects have of their own', async (t) => {
  t.same(problemsOf(SAMPLE.replaceAll('host-a', 'constructor')), []);
  t.match(problemsOf(SAMPLE.replaceAll('host-a', '__proto__')), [/^8:3 `__proto__` cannot be a name/]);
  t.same(problemsOf(SAMPLE.replace('host: host-a', 'host: constructor')), ['15:11 there is no host constructor']);
});

t.test('an alias to nothing, and one to what it stands in', async (t) => {
  t.same(problemsOf(`${SAMPLE}extra: *none\n`), ['24:8 there is no anchor `&none` before this alias']);
  t.same(problemsOf(`${SAMPLE}extra: &x [*x]\n`), ['24:12 `*x` is within what it stands for']);
});

t.test('tags and directives make no values that JSON does not have', async (t) => {
  for (const value of [
    '!!binary AAEC',
    '!!set {a, b}',
    '!!omap [{a: 1}]',
    '!!timestamp 2026-01-01',
    '!!js/function "x"',
  ]) {
    t.match(problemsOf(SAMPLE.replace('name: sample', `name: ${value}`))[0], /^2:7 Unresolved tag/, value);
  }
  t.match(problemsOf(`%YAML 1.1\n---\n${SAMPLE.replace('vni: 5001', 'vni: 1:23:21')}`), [/^13:15 .*"1:23:21" is not/]);
});

t.test('control characters and odd line ends are refused where they stand', async (t) => {
  t.same(problemsOf(SAMPLE.replace('sample', 'sam\u0000ple')), ['2:10 a control character (U+0000)']);
  t.same(problemsOf(SAMPLE.replaceAll('\n', '\r')), ['1:11 a control character (U+000D)']);
  t.same(problemsOf(SAMPLE.replaceAll('\n', '\r\n')), []);
  t.same(problemsOf(`\ufeff${SAMPLE}`), []);
});

t.test('what a file says cannot make a message that a terminal obeys, or one without end', async (t) => {
  t.match(problemsOf(`${SAMPLE}"\\e[31m\\u202Ered": 1\n`), ['24:1 unknown key `\\u001b[31m\\u202ered` in the file']);
  const [long] = problemsOf(SAMPLE.replace('198.18.1.0/24', `"${'1:'.repeat(50_000)}/64"`));
  t.match(long, /^5:16 .*…$/);
  t.ok(String(long).length < 500);
  const many = problemsOf(SAMPLE + Array.from({ length: 20_000 }, (_, index) => `k${index}: 1\n`).join(''));
  t.equal(many.length, 501);
  t.equal(many.at(-1), '524:1 19500 more mistakes from here on');
});

t.test('collections as keys are told by us, not by a warning of the process', async (t) => {
  const warned: string[] = [];
  const listen = (warning: Error) => warned.push(warning.message);
  process.on('warning', listen);
  t.match(problemsOf(`${SAMPLE}? {a: 1}\n: 2\n`), ['24:3 a key that is no text']);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', listen);
  t.same(warned, []);
});

t.test('numbers that nothing can count with', async (t) => {
  const memory = (size: string) => problemsOf(SAMPLE.replace('image: micro', `image: micro\n    memory: ${size}`));
  t.same(memory('999999GiB'), []);
  t.match(memory(`${'9'.repeat(400)}GiB`), [/^17:13 `memory` of VM web: .* is not a size/]);
  t.match(problemsOf(SAMPLE.replace('image: micro', 'image: micro\n    migration: {timeout: 99999999999m}')), [
    /not a time/,
  ]);
  t.match(problemsOf(SAMPLE.replace('vni: 5001', 'vni: .inf')), [
    '11:15 `vni` of network blue: Infinity is not a VXLAN network identifier',
  ]);
});
