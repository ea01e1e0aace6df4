import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import ts from 'typescript';
import { STRATEGY_NAMES } from '../../../lib/strategies/registry.js';
import { importersOf } from '../../generated/importers.js';

const LIB = fileURLToPath(new URL('../../../../lib/', import.meta.url));

/** Why files may know which of several it is, by what they do. */
const CHOOSES = 'it chooses';
const SHOWS = 'it shows what is there, or prints what a person would type';
const LIFECYCLE = 'it defines, starts or removes domains, or looks at their disks';
const COMPARES = 'it measures against what others do';
const GRADES = 'it looks at what students have made with it';

const KNOWS_LIBVIRT: Readonly<Record<string, string>> = {
  'controller/host-parts.ts': CHOOSES,
  'controller/host-session.ts': LIFECYCLE,
  'controller/observe.ts': LIFECYCLE,
  'controller/left-copy.ts': LIFECYCLE,
  'controller/move-sight.ts': LIFECYCLE,
  'controller/move-offers.ts': LIFECYCLE,
  'controller/cpu-baseline.ts': LIFECYCLE,
  'controller/move-order.ts': LIFECYCLE,
  'controller/domain-checks.ts': LIFECYCLE,
  'controller/plan-script.ts': SHOWS,
  'bench/guests.ts': COMPARES,
  'bench/ovn.ts': COMPARES,
  'bench/plain-virsh.ts': COMPARES,
};

const KNOWS_OVS: Readonly<Record<string, string>> = {
  'controller/controller.ts': CHOOSES,
  'controller/host-watch.ts': CHOOSES,
  'controller/host-session.ts': 'it holds the connections to a host',
  'controller/observe.ts': 'it reads all of a host at once, in as few sessions as it can',
  'controller/plan-check.ts': SHOWS,
  'controller/plan-script.ts': SHOWS,
  'controller/status.ts': SHOWS,
  'bench/apply-bench.ts': COMPARES,
  'bench/scale-bench.ts': COMPARES,
  'bench/ovn.ts': COMPARES,
  'examiner/frame-way.ts': GRADES,
  'examiner/host-eyes.ts': GRADES,
};

/** Generated from the schemas, which `npm run docs` writes from the registry. */
const GENERATED = ['topology/file.ts', 'grade/file.ts'];

/** Words of libvirt's that are called as a strategy is. */
const SAME_WORD: Readonly<Record<string, string>> = {
  'measure/jobinfo.ts': 'a kind of job',
  'model/libvirt-domain.ts': 'a reason why a domain is paused',
  'compute/libvirt/protocol/domains.ts': 'a reason why a domain is paused',
};

t.test('a driver of VMs is its folder, and who chooses it', async (t) => {
  t.strictSame(importersOf('compute/libvirt'), Object.keys(KNOWS_LIBVIRT).sort());
});

t.test('a network backend is its folder, and who chooses it', async (t) => {
  t.strictSame(importersOf('network/ovs'), Object.keys(KNOWS_OVS).sort());
});

t.test('a migration knows neither', async (t) => {
  const known = [...Object.keys(KNOWS_LIBVIRT), ...Object.keys(KNOWS_OVS)];
  t.notOk(known.some((file) => file.startsWith('migration/') || file.startsWith('placement/')));
});

t.test('a strategy is its file and its line in the registry', async (t) => {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const naming = files.filter((file) => namesStrategy(readFileSync(join(LIB, file), 'utf8')));
  const own = STRATEGY_NAMES.map((name) => `strategies/${name}.ts`);
  t.strictSame(naming.sort(), [...own, ...GENERATED, ...Object.keys(SAME_WORD)].sort());
});

t.test('the look finds what it is for', async (t) => {
  t.ok(namesStrategy("if (strategy === 'post-copy') return;"));
  t.ok(namesStrategy('const a = `post-copy`;'));
  t.ok(namesStrategy("interface A { name: 'stop' | 'post-copy' }"));
  t.notOk(namesStrategy("interface A { end: 'stop' | 'post-copy' }"));
  t.notOk(namesStrategy("// 'post-copy'\nconst kind = 'post-copy began';"));
});

/** Whether a string in the code is a strategy's name and nothing else, where it is not a step's kind or its end. */
function namesStrategy(text: string): boolean {
  const source = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  let found = false;
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && STRATEGY_NAMES.includes(node.text) && !isKind(node)) found = true;
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `{kind: 'post-copy'}` and `step.kind === 'post-copy'`: what a strategy asks for, or ends with, not which it is. */
function isKind(node: ts.Node): boolean {
  const { parent } = node;
  const isOne = (name: string) => ['kind', 'end'].includes(name);
  if (ts.isPropertyAssignment(parent)) return isOne(parent.name.getText());
  if (ts.isLiteralTypeNode(parent)) {
    const owner = ts.isUnionTypeNode(parent.parent) ? parent.parent.parent : parent.parent;
    return ts.isPropertySignature(owner) && isOne(owner.name.getText());
  }
  return ts.isBinaryExpression(parent) && isOne(parent.left.getText().split('.').at(-1) ?? '');
}
