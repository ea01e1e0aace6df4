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
  t.match(problemsOf(bomb.join('\n')), [/^1:1 aliases: Excessive alias count/]);
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
