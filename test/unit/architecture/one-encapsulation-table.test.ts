import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import ts from 'typescript';
import { ENCAPSULATIONS } from '../../../lib/model/encapsulation.js';
import { ANY_ENCAPSULATION } from '../../../lib/topology/any-encapsulation.js';
import { SCHEMA_URL } from '../../../lib/topology/schema.js';

const LIB = fileURLToPath(new URL('../../../../lib/', import.meta.url));
const TABLE = 'model/encapsulation.ts';

/** What else may name an encapsulation outside of comments, and why. */
const MAY_NAME_ONE: Readonly<Record<string, string>> = {
  'topology/file.ts': 'generated from schema.json, whose choices are held to the table below',
  'cli/command-line/program.ts': 'the help says what vxmig is for',
  'cli/demo.ts': 'it tells what it shows, with a topology of its own',
  'bench/ovn-commands.ts': 'OVN as it is usually set up, to be compared with',
  'plan/vtep-device.ts': 'kinds of devices of the kernel that carry no Ethernet frames, whoever has made them',
};

/** Names, kinds, devices and ports of what is in the table, and of what is not yet. */
const SPECIFIC = /vxlan|4789|\bgeneve\b|\bgenev_sys|6081|\bgre\b|\bgretap\b/i;

/** Every word of code that matches, without comments. */
function naming(text: string): string[] {
  const source = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(source);
    for (const child of children) visit(child);
    if (children.length > 0 || !SPECIFIC.test(node.getText(source))) return;
    found.push(`${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}: ${node.getText(source)}`);
  };
  visit(source);
  return found;
}

t.test('no code but the table names an encapsulation', async (t) => {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const named = files.flatMap((file) => {
    const lines = naming(readFileSync(join(LIB, file), 'utf8'));
    return lines.length === 0 ? [] : [{ file, lines }];
  });
  t.ok(
    named.some(({ file }) => file === TABLE),
    'the table does',
  );
  for (const { file, lines } of named)
    if (file !== TABLE) t.ok(Object.hasOwn(MAY_NAME_ONE, file), `lib/${file}:${lines.join(', ')}`);
  for (const file of Object.keys(MAY_NAME_ONE))
    t.ok(
      named.some((one) => one.file === file),
      `${file} still needs its exception`,
    );
});

t.test('the look finds what it is for', async (t) => {
  t.strictSame(naming("/** VXLAN. */\nconst a = 1; // 4789\n/* vxlan */ const b = 'VNI';"), []);
  t.strictSame(naming("const PORT = 4789;\nif (type === 'vxlan') f(`VXLAN of this kind`);\nfunction vxlanOf() {}"), [
    '1: 4789',
    "2: 'vxlan'",
    '2: `VXLAN of this kind`',
    '3: vxlanOf',
  ]);
  t.strictSame(naming("interface A { type: 'vxlan' }"), ["1: 'vxlan'"], 'types too');
});

/** Every `maximum` within what a schema says of keys of these names. */
function maximaOf(schema: unknown, keys: readonly string[], isWithin = false): number[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (isWithin && key === 'maximum' && typeof value === 'number') return [value];
    return maximaOf(value, keys, isWithin || keys.includes(key));
  });
}

t.test('the schemas allow what the table allows', async (t) => {
  const read = (path: string) => JSON.parse(readFileSync(new URL(path, SCHEMA_URL), 'utf8'));
  const { type, vni, mtu } = read('schema.json').definitions.network.properties;
  t.strictSame(type.enum, ANY_ENCAPSULATION.types);
  t.strictSame([vni.minimum, vni.maximum], [ANY_ENCAPSULATION.key.first, ANY_ENCAPSULATION.key.last]);
  t.equal(mtu.maximum, ANY_ENCAPSULATION.largestMtu);
  t.match(type.description, `Default: ${ENCAPSULATIONS[0].name}.`);
  const rubric = read('../grade/schema.json');
  t.strictSame(new Set(maximaOf(rubric, ['vni'])), new Set([ANY_ENCAPSULATION.key.last]));
  // An underlay's MTU may be what a packet holds.
  const sizes = maximaOf(rubric, ['mtu', 'bytes']).filter((size) => size !== 65_535);
  t.strictSame(new Set(sizes), new Set([ANY_ENCAPSULATION.largestMtu]));
});

t.test('rows do not get in each other’s way', async (t) => {
  const distinct = (values: readonly string[]) => t.equal(new Set(values).size, values.length, values.join(', '));
  distinct(ENCAPSULATIONS.map(({ name }) => name));
  distinct(ENCAPSULATIONS.map(({ ovsType }) => ovsType));
  distinct(ENCAPSULATIONS.map(({ kernel }) => kernel.name));
  distinct(ENCAPSULATIONS.map(({ carrier }) => JSON.stringify(carrier)));
});
