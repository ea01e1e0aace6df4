import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const LIB = fileURLToPath(new URL('../../../../lib/', import.meta.url));

/**
 * What each room under lib/ may import from the others. Data flows one way; effects stand at the edge. The picture
 * and the reasons are in docs/architecture.md.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  openflow: [],
  ovsdb: ['model'],
  frames: ['model'],
  events: ['model'],
  storage: ['model'],
  topology: ['model', 'storage', 'strategies'],
  strategies: ['model'],
  measure: ['model'],
  pipeline: ['openflow'],
  plan: ['model', 'storage', 'pipeline', 'openflow', 'ovsdb'],
  negotiate: ['model'],
  placement: ['model', 'plan'],
  compute: ['model', 'measure'],
  network: ['model', 'frames', 'measure', 'placement', 'plan'],
  migration: ['model', 'plan', 'measure', 'frames', 'strategies', 'placement', 'negotiate', 'compute', 'network'],
  grade: ['model', 'topology', 'plan', 'strategies'],
  report: ['model', 'strategies'],
  import: ['model'],
  host: ['model', 'openflow'],
  'compute/libvirt': ['model', 'measure', 'host', 'plan', 'negotiate', 'compute'],
  'network/ovs': [
    'model',
    'measure',
    'frames',
    'host',
    'openflow',
    'ovsdb',
    'pipeline',
    'placement',
    'plan',
    'network',
  ],
  lab: ['model', 'storage', 'host'],
  controller: [
    'model',
    'events',
    'storage',
    'host',
    'compute/libvirt',
    'network',
    'network/ovs',
    'plan',
    'negotiate',
    'pipeline',
    'ovsdb',
    'measure',
    'strategies',
    'placement',
    'migration',
    'report',
  ],
  bundle: ['topology', 'grade'],
  examiner: [
    'model',
    'events',
    'topology',
    'grade',
    'plan',
    'pipeline',
    'measure',
    'host',
    'network/ovs',
    'lab',
    'controller',
  ],
  bench: [
    'model',
    'topology',
    'measure',
    'placement',
    'plan',
    'migration',
    'host',
    'compute/libvirt',
    'network/ovs',
    'lab',
    'controller',
    'report',
  ],
  cli: [
    'model',
    'events',
    'topology',
    'grade',
    'import',
    'strategies',
    'placement',
    'plan',
    'host',
    'controller',
    'lab',
    'bench',
    'measure',
    'report',
    'examiner',
  ],
};

/** Of these rooms others may use these files only. */
const ONLY_FILES: Readonly<Record<string, readonly string[]>> = {
  'plan → ovsdb': ['operations', 'value', 'vswitch'],
  'controller → report': ['run-file'],
  'bench → report': ['run-file'],
  'lab → host': ['host-key'],
  'grade → plan': [
    'access-differences',
    'access-frame',
    'access-meaning',
    'desired',
    'desired-ports',
    'topology-parts',
    'ways',
  ],
  // Whatever a command has left open ends with it.
  'cli → host': ['process-end'],
};

/** Not code: what these rooms hold runs before anything is built, or in the guest. */
const WITHOUT_CODE = ['guest', 'provision'];

interface Import {
  readonly file: string;
  readonly target: string;
  readonly line: number;
}

const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const imports = files.flatMap((file) => importsOf(file, readFileSync(join(LIB, file), 'utf8')));

/** Only paths within the package; what comes from npm is knip's business. */
export function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]*)\.js['"]/g)].map((found) => ({
    file,
    target: normalize(join(dirname(file), `${found[1]}.ts`)),
    line: text.slice(0, found.index).split('\n').length,
  }));
}

/** Houses with a room for each implementation: `compute/libvirt`. What all of them share lies in the house itself. */
const HOUSES = ['compute', 'network'];

function roomOf(file: string): string {
  const [first = '', second, ...rest] = file.split('/');
  return HOUSES.includes(first) && second !== undefined && rest.length > 0 ? `${first}/${second}` : first;
}

function breaches(list: readonly Import[]): string[] {
  return list.flatMap(({ file, target, line }) => {
    const [from, to] = [roomOf(file), roomOf(target)];
    if (from === to) return [];
    const place = `lib/${file}:${line}`;
    if (to === '..') return [`${place} imports from outside lib/`];
    if (!MAY_IMPORT[from]?.includes(to)) return [`${place}: ${from} must not import ${to}`];
    const only = ONLY_FILES[`${from} → ${to}`];
    const name = target.slice(to.length + 1, -'.ts'.length);
    return only === undefined || only.includes(name)
      ? []
      : [`${place}: of ${to}, ${from} may import ${only.join(', ')} only`];
  });
}

/**
 * Every cycle of files once, as the way around it. That a file is loaded only when the code gets there is no excuse:
 * who reads it goes the same way around.
 */
function cycles(list: readonly Import[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { file, target } of list) targets.set(file, [...(targets.get(file) ?? []), target]);
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const start = way.indexOf(file);
    if (start >= 0) found.push([...way.slice(start), file].join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...way, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return found;
}

t.test('there is code to look at', async (t) => {
  t.ok(files.length > 50, `${files.length} files`);
  t.ok(imports.length > 200, `${imports.length} imports`);
});

t.test('every room has its line in the table, and the table names no other', async (t) => {
  const rooms = [...new Set(files.map(roomOf))].filter((name) => !WITHOUT_CODE.includes(name));
  t.strictSame(rooms.sort(), Object.keys(MAY_IMPORT).sort());
});

t.test('imports run only downwards', async (t) => {
  t.strictSame(breaches(imports), []);
});

t.test('the table itself has no way round', async (t) => {
  const asImports = Object.entries(MAY_IMPORT).flatMap(([file, targets]) =>
    targets.map((target) => ({ file, target, line: 0 })),
  );
  t.strictSame(cycles(asImports), []);
});

t.test('no file imports itself by a detour', async (t) => {
  t.strictSame(cycles(imports), []);
});

t.test('what is allowed is used: a permission that nobody needs is taken out', async (t) => {
  const used = new Set(imports.map(({ file, target }) => `${roomOf(file)} → ${roomOf(target)}`));
  const granted = Object.entries(MAY_IMPORT).flatMap(([from, targets]) => targets.map((to) => `${from} → ${to}`));
  t.strictSame(
    granted.filter((permission) => !used.has(permission)),
    [],
  );
});

t.test('the checks find what they are for', async (t) => {
  const upwards = importsOf('model/x.ts', "import type { Plan } from '../plan/plan.js';\n");
  t.strictSame(breaches(upwards), ['lib/model/x.ts:1: model must not import plan']);
  const lazy = importsOf('pipeline/x.ts', "\nconst { a } = await import('../host/quote.js');");
  t.strictSame(breaches(lazy), ['lib/pipeline/x.ts:2: pipeline must not import host']);
  const manyLines = importsOf('plan/x.ts', "import {\n  commit,\n} from '../ovsdb/commit.js';");
  t.strictSame(breaches(manyLines), ['lib/plan/x.ts:3: of ovsdb, plan may import operations, value, vswitch only']);
  const round = [
    ...importsOf('plan/a.ts', "export { b } from './b.js';"),
    ...importsOf('plan/b.ts', "import './a.js';"),
  ];
  t.strictSame(cycles(round), ['plan/a.ts → plan/b.ts → plan/a.ts']);
  const lazyRound = importsOf('plan/a.ts', "const { b } = await import('./a.js');");
  t.strictSame(cycles(lazyRound), ['plan/a.ts → plan/a.ts']);
});
