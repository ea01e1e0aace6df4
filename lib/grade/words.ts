import { strategyChoices } from '../strategies/registry.js';
import { ANY_ENCAPSULATION } from '../topology/any-encapsulation.js';
import { aboutKey, type Complaint, type Path } from '../topology/complaint.js';
import type { SchemaError } from '../topology/schema.js';
import type { Shape, Vocabulary } from '../topology/vocabulary.js';
import { FILTER_FIX } from './filter-numbers.js';

const NAMED: Shape = {
  noun: 'a name',
  fix: 'a lower-case letter, then up to 30 lower-case letters, digits and dashes',
};
const TIME: Shape = { noun: 'a time', fix: 'for example `30s`, `500ms` or `2m`' };
const BANDS: Shape = { noun: 'a list of bands', fix: 'for example `[{upTo: 0, credit: 1}, {upTo: 5, credit: 0.5}]`' };
const TIME_BANDS: Shape = {
  noun: 'a list of bands',
  fix: 'for example `[{upTo: 200ms, credit: 1}, {upTo: 1s, credit: 0.5}]`',
};
const NUMBER: Shape = { noun: 'a number in range', fix: 'a number, `reference`, or `{atLeast: …, atMost: …}`' };
const SECTION: Shape = { noun: 'a section', fix: '`reference`, a list of keys, or what is wanted by name' };
const PORT: Shape = { noun: 'a port', fix: 'a number from 1 to 65535' };
const REFERENCE_ONLY: Shape = { noun: 'what can be wanted of it', fix: 'only `reference` can stand here' };
const ADDRESS: Shape = { noun: 'an address', fix: 'as in a topology file, a list for two families, or `reference`' };

const KEY: Shape = { noun: 'a key of such a thing', fix: 'as in a topology file' };
const THING: Shape = {
  noun: 'what can be wanted of it',
  fix: '`reference`, `present`, `absent`, a list of keys, or values by key',
};
const SECTIONS: readonly string[] = ['underlay', 'hosts', 'networks', 'vms'];

/** By the end of the path, the longest first; places in lists are left out. */
const SHAPES: Readonly<Record<string, Shape>> = {
  '': { noun: 'a rubric', fix: 'it begins with `version: 1` and has `checks`' },
  version: { noun: 'a version that this vxmig reads', fix: '`version: 1`' },
  name: { ...NAMED, fix: `for example \`name: mesh-repair\`: ${NAMED.fix}` },
  reference: { noun: 'a path', fix: 'for example `reference: reference.yaml`' },
  hidden: { noun: 'a path', fix: 'for example `hidden: hidden.yaml`' },
  checks: { noun: 'a map of checks', fix: 'for example `checks: {vnis: {points: 2, topology: {networks: [vni]}}}`' },
  check: { noun: 'a check', fix: 'for example `vnis: {points: 2, topology: {networks: [vni]}}`' },
  title: { noun: 'a title', fix: 'a text of up to 120 characters' },
  points: { noun: 'a number of points', fix: 'from 0 to 1000, in steps of 0.01' },
  partial: { noun: 'a way of partial credit', fix: '`ratio`, or bands: `{lost: [{upTo: 0, credit: 1}]}`' },
  lost: { noun: 'a number of lost pings', fix: 'for example `lost: 0`' },
  'partial.lost': BANDS,
  'partial.downtime': TIME_BANDS,
  'partial.convergence': TIME_BANDS,
  upTo: { noun: 'a limit', fix: 'a number of pings, or a time as `200ms`' },
  credit: { noun: 'a share of the points', fix: 'more than 0, at most 1' },
  needs: { noun: 'the name of a check', fix: 'for example `needs: vnis`, or a list' },
  retry: { ...TIME, fix: 'for example `retry: 30s`, or `{for: 30s, every: 2s}`' },
  hold: { ...TIME, fix: 'for example `hold: 5s`' },
  for: TIME,
  every: TIME,
  within: TIME,
  downtime: TIME,
  convergence: TIME,
  interval: TIME,
  not: { noun: 'true or false', fix: '`not: true`, or leave it out' },
  showExpected: { noun: 'true or false', fix: '`showExpected: false`, or leave it out' },
  hint: { noun: 'a hint', fix: 'a text of up to 2000 characters' },
  visibility: { noun: 'a visibility', fix: '`visible`, `after_due_date`, `after_published` or `hidden`' },
  level: { noun: 'a level', fix: '`error` or `warning`' },
  topology: { noun: 'what is wanted of a topology', fix: '`reference`, or sections: `{networks: [vni, mtu]}`' },
  underlay: SECTION,
  hosts: SECTION,
  networks: SECTION,
  vms: SECTION,
  probes: { noun: 'a list of probes', fix: '`reference`, or `[{from: host-c, to: web}]`' },
  vni: NUMBER,
  'tunnel.vni': { noun: 'a VNI to expect', fix: 'a number, `reference`, `submission` or `any`' },
  exactly: { noun: 'true or false', fix: '`exactly: true`, or leave it out' },
  mtu: NUMBER,
  vcpus: NUMBER,
  cidr: ADDRESS,
  address: ADDRESS,
  mesh: { noun: 'a kind of mesh', fix: '`full`, `flow`, `{hub: host-a}` or `reference`' },
  rate: { noun: 'a rate', fix: '`100mbit`, `none` or `reference`' },
  delay: { noun: 'a delay', fix: '`20ms`, `none` or `reference`' },
  memory: { noun: 'a size in MiB or GiB', fix: '`128MiB` or `reference`' },
  source: { noun: 'a guest', fix: '`"image: micro"`, `"domain: NAME"` or `reference`' },
  nics: { noun: 'a list of NICs', fix: '`reference`, or `[{network: blue, mac: "52:54:00:09:00:01"}]`' },
  mac: { noun: 'a MAC address', fix: 'for example `mac: "52:54:00:09:00:01"`' },
  acl: REFERENCE_ONLY,
  migration: REFERENCE_ONLY,
  run: { noun: 'a list of program and arguments', fix: 'for example `run: [ovs-vsctl, show]`' },
  matches: { noun: 'a regular expression', fix: 'a text of up to 1000 characters in single quotes' },
  filter: { noun: 'a display filter', fix: FILTER_FIX },
  exit: { noun: 'an exit status', fix: 'a number from 0 to 255' },
  protocol: {
    noun: 'a protocol that can be asked about here',
    fix: '`icmp`, `tcp` or `udp`; `arp` for `isolated` and `trace`',
  },
  'reach.port': PORT,
  'isolated.port': PORT,
  'trace.port': PORT,
  count: { noun: 'a number of pings', fix: 'from 1 to 100' },
  bytes: { noun: `a size of 576 to ${ANY_ENCAPSULATION.largestMtu} bytes`, fix: 'for example `bytes: 1450`' },
  strategy: { noun: 'a strategy', fix: strategyChoices() },
  part: {
    noun: 'a part of verify',
    fix: '`all`, `configuration`, `ports`, `vms`, `tunnels`, `probes`, `fdb`, `isolation`',
  },
};

const RIGHT: Shape = { noun: 'right', fix: 'see `vxmig schema rubric`' };

function shapeAt(path: Path): Shape {
  if (path.length === 2 && path[0] === 'checks') return SHAPES.check ?? RIGHT;
  const words = path.filter((segment) => !isPlace(segment)).map(String);
  const [last = ''] = words.slice(-1);
  const isOfTopology = words[2] === 'topology' && SECTIONS.includes(words[3] ?? '');
  if (isOfTopology && isPlace(path.at(-1) ?? '') && words.length <= 5) return KEY;
  // A thing's name is no key, though it may look like one.
  if (isOfTopology && words.length === 5) return THING;
  const known = SHAPES[words.slice(-2).join('.')] ?? (Object.hasOwn(SHAPES, last) ? SHAPES[last] : undefined);
  return known ?? (words.length === 3 ? { noun: 'a map', fix: 'see `vxmig schema rubric`' } : NAMED);
}

/** `points` of check web: what people call the thing at `path`. */
function describe(path: Path): string {
  const [top, name, ...rest] = path;
  if (top === undefined) return 'the file';
  if (name === undefined || top !== 'checks') return `\`${top}\``;
  if (rest.length === 0) return `check ${name}`;
  const key = rest.map((segment) => (isPlace(segment) ? `[${Number(segment) + 1}]` : `.${segment}`)).join('');
  return `\`${key.slice(1)}\` of check ${name}`;
}

function isPlace(segment: string | number): boolean {
  return /^\d+$/.test(String(segment));
}

/** Keys that stand elsewhere, or that other graders have. */
const MISPLACED_KEYS: Readonly<Record<string, string>> = {
  'checks.depends_on': 'write `needs: NAME`',
  'checks.max_score': 'write `points: N`',
  'checks.wait': 'write `retry: 30s`',
};

/** What gives a choice of forms to a value is told once, by the forms. */
function special(error: SchemaError, path: Path): Complaint | null {
  if (error.keyword !== 'minProperties' || path.length !== 1) return null;
  return aboutKey(path, 'there are no checks', SHAPES.checks?.fix ?? '');
}

export const RUBRIC_WORDS: Vocabulary = {
  describe,
  shapeAt,
  misplacedKeys: MISPLACED_KEYS,
  tooMany: 'leave some out, or make two rubrics of it',
  special,
};
