import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import t from 'tap';
import { gradeTopology } from '../../../lib/grade/grade-topology.js';
import { KINDS } from '../../../lib/grade/kinds.js';
import { readRubric } from '../../../lib/grade/read.js';
import { RUBRIC_SCHEMA_URL } from '../../../lib/grade/schema.js';
import { MistakesError } from '../../../lib/model/mistakes-error.js';
import { generateTypes } from '../../../lib/topology/generate-types.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { marked, SAMPLE } from '../topology/sample.js';
import { HIDDEN, problemsOf, RUBRIC, rubricIn } from './sample.js';

t.test('the types are those of the schema, and the schema is one', async (t) => {
  const text = readFileSync(RUBRIC_SCHEMA_URL, 'utf8');
  t.equal(
    readFileSync(new URL('file.ts', RUBRIC_SCHEMA_URL), 'utf8'),
    await generateTypes(RUBRIC_SCHEMA_URL, 'RubricFile'),
  );
  const schema = JSON.parse(text);
  t.ok(new Ajv({ allowUnionTypes: true }).validateSchema(schema));
  const keys = Object.keys(schema.definitions.check.properties);
  for (const kind of Object.keys(KINDS)) t.ok(keys.includes(kind), kind);
});

t.test('the sample itself is right, and its defaults are filled in', async (t) => {
  const rubric = await readRubric(rubricIn(t.testdir()));
  t.equal(rubric.reference?.name, 'sample');
  t.match(rubric.checks, [
    { name: 'vnis', kind: 'topology', pointsHundredths: 200, visibility: 'visible', retry: null },
    { name: 'web', pointsHundredths: 150, needs: ['vnis'], hint: 'look at web', level: 'error' },
    { name: 'reach', pointsHundredths: 100, needs: ['vnis', 'web'], retry: { forMs: 30_000, everyMs: 1000 } },
    { name: 'move', credit: { kind: 'bands', bands: new Map([['lost', [{ upTo: 0 }, { upTo: 5, credit: 0.5 }]]]) } },
    { name: 'mtu', visibility: 'after_published', pointsHundredths: 100 },
  ]);
});

/** In which db is kept from web by a rule, and host-b is not. */
const APART = SAMPLE.replace('network: green', 'network: blue')
  .replace('00:02", address: 10.9.0.1/24', '00:02", address: 10.9.0.7/24')
  .replace('mtu: 1450}', 'mtu: 1450, acl: [{from: db, to: web, protocol: tcp, action: deny}]}');

t.test('what the reference’s own rules make impossible is told', async (t) => {
  const rubricOf = (check: string) =>
    rubricIn(t.testdir(), { rubric: RUBRIC.replace('reach: {from: host-b, to: web}', check), reference: APART });
  const remarks = async (check: string) =>
    (await readRubric(rubricOf(check))).remarks?.map(({ line, column, message }) => `${line}:${column} ${message}`);
  const mistakes = async (check: string) => await problemsOf(rubricOf(check));
  const tcp = 'protocol: tcp, port: 80';
  t.same(await remarks('reach: {from: host-b, to: web}'), []);
  t.same(await remarks(`reach: {from: host-b, to: web, ${tcp}}`), []);
  t.same(await remarks('reach: {from: db, to: web}'), []);
  t.match(await remarks(`reach: {from: db, to: web, ${tcp}}`), [
    /^8:\d+ the reference itself denies it: rule 1 of network blue: deny tcp from db to web, and .* 10.9.0.7 to 10.9.0.1$/,
  ]);
  t.match(await remarks('isolated: {from: host-b, to: web, witness: db}'), [/the reference itself lets icmp through/]);
  t.match(await remarks('trace: {from: db, to: web}, not: true'), [/the reference itself lets icmp through/]);
  t.same(await remarks(`trace: {from: db, to: web, ${tcp}}, not: true`), []);
  t.match(await remarks(`trace: {from: db, to: web, ${tcp}}`), [/the reference itself denies it/]);
  t.match(await mistakes('reach: {from: host-b, to: web, protocol: tcp}'), [/tcp to which port\?/]);
  t.match(await mistakes('reach: {from: host-b, to: web, port: 80}'), [/`port` means nothing without TCP or UDP/]);
  t.match(await mistakes('not: true, tunnel: {network: blue, exactly: true}'), [/`exactly` means nothing with `not`/]);
  t.match(await mistakes("packet: {on: host-a, filter: 'vxlan.vni == {bleu.vni}'}"), [
    /the reference has no network bleu/,
  ]);
});

t.test('a student lacks the reference and the hidden checks; nobody else does', async (t) => {
  const rubric = RUBRIC.replace(
    'checks:',
    'checks:\n  star: {tunnel: {network: blue, vni: submission}}\n  size: {mtu: {from: host-b, to: web, bytes: 1000}}',
  );
  const path = rubricIn(t.testdir(), { rubric });
  unlinkSync(join(path, '../hidden.yaml'));
  unlinkSync(join(path, '../reference.yaml'));
  t.match(await problemsOf(path), [/no such file|not there|there is no/i, /no such file|not there|there is no/i]);
  const fixes = await readRubric(path).catch((error: unknown) =>
    error instanceof MistakesError ? error.problems : [],
  );
  t.match(fixes, [{ fix: /grades with `--for student`$/ }, { fix: /grades with `--for student`$/ }]);
  const read = await readRubric(path, undefined, { forStudent: true });
  t.equal(
    read.note,
    '2 checks were left out: reference.yaml is not here.\nHidden checks were left out: hidden.yaml is not here.',
  );
  const why = 'what it expects stands in reference.yaml, which is not here';
  t.match(read.checks, [
    { name: 'star', leftOut: why },
    { name: 'size', leftOut: undefined },
    { name: 'vnis', leftOut: why },
    { name: 'web', needs: [], leftOut: undefined },
    { name: 'reach', needs: ['web'], leftOut: undefined },
    { name: 'move' },
  ]);
  const graded = gradeTopology(read, parseTopology(SAMPLE, 'mine.yaml'), 'mine.yaml');
  t.match(graded.checks[0], { status: 'skipped', score: 0, ungraded: true, output: `left out: ${why}` });
  t.match(graded.checks[3], { name: 'web', status: 'passed' });
  writeFileSync(join(path, '../reference.yaml'), 'version: 2\n');
  await t.rejects(readRubric(path, undefined, { forStudent: true }), { code: 'RUBRIC_INVALID' }, 'one that is broken');
});

/**
 * What is replaced in the rubric, by what (§: the place that must be named), and what must be said; nothing else may
 * be.
 */
const MISTAKES: readonly (readonly [old: string, replacement: string, message: string])[] = [
  ['version: 1', 'version: §2', '`version`: 2 is not a version that this vxmig reads'],
  ['{points: 2,', '{§pionts: 2,', 'unknown key `pionts` in check vnis'],
  ['points: 2,', 'points: §-2,', '`points` of check vnis: -2 is not a number of points'],
  ['points: 2,', 'points: §1.001,', '1.001 points: steps are 0.01'],
  ['points: 2,', 'level: warning, points: §2,', 'no points hang on a warning'],
  ['points: 2,', 'visibility: §secret,', '`visibility` of check vnis: "secret" is not a visibility'],
  ['needs: vnis, topology', 'needs: §vins, topology', 'there is no check vins'],
  ['needs: vnis, topology', 'needs: §web, topology', 'it needs itself'],
  ['needs: vnis, topology', 'needs: [vnis, §mtu], topology', 'mtu is less visible: to be skipped would tell of it'],
  [
    'topology: {networks: [vni]}',
    'topology: {networks: [§vin]}',
    '`topology.networks[1]` of check vnis: "vin" is not a key',
  ],
  ['  vnis: {points: 2, topology: {networks: [vni]}}', '  §vnis: {points: 2}', 'check vnis looks at nothing'],
  ['networks: [vni]}}', 'networks: [vni]}, §verify: {part: all}}', 'check vnis looks at `topology` and at `verify`'],
  ['networks: [vni]}}', 'networks: {§bleu: present}}}', 'the reference has no network bleu'],
  [
    'networks: [vni]}}',
    'networks: {blue: {vni: §0}}}}',
    '`topology.networks.blue.vni` of check vnis: 0 is not a number in range',
  ],
  ['networks: [vni]}}', 'networks: {blue: §absent}}}', 'the reference has a network blue'],
  ['networks: [vni]}}', 'networks: {blue: {§vni: {atLeast: 7, atMost: 6}}}}}', 'nothing is at least 7 and at most 6'],
  ['networks: [vni]}}', 'networks: {blue: {cidr: §10.0.0.0/99}}}}', '10.0.0.0/99 is none'],
  ['networks: [vni]}}', 'networks: [vni]}, §retry: 3s}', '`retry` means nothing here: a file does not change'],
  ['retry: 30s', 'retry: §3h', '`retry` of check reach: "3h" is not a time'],
  ['retry: 30s', 'retry: §11m', '11m is too long'],
  ['retry: 30s', '§not: true', '`not` means nothing here'],
  ['to: web}}', 'to: §wbe}}', 'the reference has no VM wbe'],
  ['{upTo: 0, credit: 1}', '{upTo: 0, §credit: 0.9}', 'the first band gives no full credit'],
  ['{upTo: 5,', '{upTo: §0,', 'it is not beyond the band before'],
  ['credit: 0.5', 'credit: §1', 'it is no less than in the band before'],
  ['partial: {lost:', 'partial: {downtime: [{upTo: 1s, credit: 1}], §lost:', '`lost` has a limit already'],
  [
    'reach: {from: host-b, to: web}',
    'command: {on: host-a, run: [ls], matches: §"(a"}',
    'no regular expression: /(a/mu: Unterminated group',
  ],
  ['reference: reference.yaml', 'reference: §nope.yaml', 'there is no such file'],
  ['hidden: hidden.yaml', 'hidden: §rubric.yaml', 'it is this file itself'],
];

for (const [old, replacement, message] of MISTAKES) {
  t.test(message, async (t) => {
    t.ok(RUBRIC.includes(old), old);
    const limit = message.startsWith('`lost` has') ? 'to: host-b, lost: 3}' : 'to: host-b}';
    const { text, place } = marked(RUBRIC.replace('to: host-b}', limit).replace(old, () => replacement));
    const problems = await problemsOf(rubricIn(t.testdir(), { rubric: text }));
    const others = problems.filter((problem) => !problem.startsWith(`rubric.yaml:${place} `));
    t.match(
      problems.find((problem) => problem.startsWith(`rubric.yaml:${place} `)),
      message,
      problems.join('\n'),
    );
    // Where a hidden file is not read or a check is not there, what names it cannot be right.
    if (!message.includes('such file') && !message.includes('this file')) t.strictSame(others, []);
  });
}

t.test('circles are told where they run', async (t) => {
  const rubric = RUBRIC.replace('{points: 2, ', '{points: 2, needs: reach, ');
  t.match(await problemsOf(rubricIn(t.testdir(), { rubric })), [
    'rubric.yaml:6:28 it needs itself: vnis → reach → vnis',
    'rubric.yaml:7:29 it needs itself: web → vnis → reach → web',
    /it needs itself: reach → vnis → reach/,
    /it needs itself: reach → web → vnis → reach/,
  ]);
});

t.test('mistakes of all files are told at once, each with its file', async (t) => {
  const hidden = HIDDEN.replace('mtu: {', 'name: x\n  vnis: {')
    .replace('  vnis', 'a:\n  vnis')
    .replace('needs: vnis', 'needs: vnix');
  const problems = await problemsOf(
    rubricIn(t.testdir(), { rubric: RUBRIC.replace('points: 2', 'points: x'), hidden, reference: 'version: 7\n' }),
  );
  for (const file of ['rubric.yaml', 'hidden.yaml', 'reference.yaml'])
    t.ok(
      problems.some((problem) => problem.startsWith(`${file}:`)),
      `${file}\n${problems.join('\n')}`,
    );
});

t.test('the hidden file: no visible checks, no names that are taken, no keys of the rubric', async (t) => {
  const hidden =
    'version: 1\nname: x\nchecks:\n  vnis: {verify: {part: all}}\n' +
    '  open: {visibility: visible, verify: {part: all}}\n' +
    '  never: {visibility: hidden, points: 1, verify: {part: all}}\n';
  const problems = await problemsOf(rubricIn(t.testdir(), { hidden }));
  t.match(problems, [
    'hidden.yaml:2:1 `name` in a file of hidden checks',
    /^hidden.yaml:4:3 check vnis is in .* already/,
    'hidden.yaml:5:22 a check in the hidden file is not visible',
    'hidden.yaml:6:39 what nobody may ever see gives no points',
  ]);
});

t.test('a reference that its own rubric would not give all points to', async (t) => {
  const rubric = RUBRIC.replace('{web: {host: host-a}}', '{web: {host: host-b}}');
  t.match(await problemsOf(rubricIn(t.testdir(), { rubric })), [
    /^rubric.yaml:7:\d+ the reference itself does not pass: .*`host` of VM web: host-a \(expected: host-b\)/,
  ]);
});

t.test('without a reference nothing can be as there', async (t) => {
  const rubric = RUBRIC.replace('reference: reference.yaml\n', '').replace('hidden: hidden.yaml\n', '');
  t.match(await problemsOf(rubricIn(t.testdir(), { rubric })), ['rubric.yaml:4:42 there is no reference topology']);
});

t.test('a rubric without points', async (t) => {
  const path = join(t.testdir(), 'rubric.yaml');
  writeFileSync(path, 'version: 1\nchecks: {a: {level: warning, verify: {part: all}}}\n');
  t.match(await problemsOf(path), ['rubric.yaml:2:1 no check gives points']);
});

t.test('no rubric, and none that is YAML', async (t) => {
  await t.rejects(readRubric(join(t.testdir(), 'none.yaml')), { code: 'NOT_FOUND' });
  await t.rejects(readRubric(t.testdir()), { code: 'NOT_FOUND', message: /is a directory, not a rubric file/ });
  t.match(await problemsOf(rubricIn(t.testdir(), { rubric: '{' })), [/^rubric.yaml:\d+:\d+ not YAML/]);
  t.match(await problemsOf(rubricIn(t.testdir(), { rubric: '- 1\n' })), [
    'rubric.yaml:1:1 the file: [1] is not a rubric',
  ]);
});
