import { ANY_ENCAPSULATION } from '../topology/any-encapsulation.js';
import { aboutKey, type Complaint, type Path } from '../topology/complaint.js';
import type { SchemaError } from '../topology/schema.js';
import type { Shape, Vocabulary } from '../topology/vocabulary.js';
import { FILTER_MEND } from './filter-numbers.js';

const NAMED: Shape = {
  noun: 'a name',
  mend: 'a lower-case letter, then up to 30 lower-case letters, digits and dashes',
};
const TIME: Shape = { noun: 'a time', mend: 'for example `30s`, `500ms` or `2m`' };
const BANDS: Shape = { noun: 'a list of bands', mend: 'for example `[{upTo: 0, credit: 1}, {upTo: 5, credit: 0.5}]`' };
const TIME_BANDS: Shape = {
  noun: 'a list of bands',
  mend: 'for example `[{upTo: 200ms, credit: 1}, {upTo: 1s, credit: 0.5}]`',
};
const NUMBER: Shape = { noun: 'a number in range', mend: 'a number, `reference`, or `{atLeast: …, atMost: …}`' };
const SECTION: Shape = { noun: 'a section', mend: '`reference`, a list of keys, or what is wanted by name' };
const PORT: Shape = { noun: 'a port', mend: 'a number from 1 to 65535' };
const REFERENCE_ONLY: Shape = { noun: 'what can be wanted of it', mend: 'only `reference` can stand here' };
const ADDRESS: Shape = { noun: 'an address', mend: 'as in a topology file, a list for two families, or `reference`' };

const KEY: Shape = { noun: 'a key of such a thing', mend: 'as in a topology file' };
const THING: Shape = {
  noun: 'what can be wanted of it',
  mend: '`reference`, `present`, `absent`, a list of keys, or values by key',
};
const SECTIONS: readonly string[] = ['underlay', 'hosts', 'networks', 'vms'];

/** By the end of the path, the longest first; places in lists are left out. */
const SHAPES: Readonly<Record<string, Shape>> = {
  '': { noun: 'a rubric', mend: 'it begins with `version: 1` and has `checks`' },
  version: { noun: 'a version that this vxmig reads', mend: '`version: 1`' },
  name: { ...NAMED, mend: `for example \`name: mesh-repair\`: ${NAMED.mend}` },
  reference: { noun: 'a path', mend: 'for example `reference: reference.yaml`' },
  hidden: { noun: 'a path', mend: 'for example `hidden: hidden.yaml`' },
  checks: { noun: 'a map of checks', mend: 'for example `checks: {vnis: {points: 2, topology: {networks: [vni]}}}`' },
  check: { noun: 'a check', mend: 'for example `vnis: {points: 2, topology: {networks: [vni]}}`' },
  title: { noun: 'a title', mend: 'a text of up to 120 characters' },
  points: { noun: 'a number of points', mend: 'from 0 to 1000, in steps of 0.01' },
  partial: { noun: 'a way of partial credit', mend: '`ratio`, or bands: `{lost: [{upTo: 0, credit: 1}]}`' },
  lost: { noun: 'a number of lost pings', mend: 'for example `lost: 0`' },
  'partial.lost': BANDS,
  'partial.downtime': TIME_BANDS,
  'partial.convergence': TIME_BANDS,
  upTo: { noun: 'a limit', mend: 'a number of pings, or a time as `200ms`' },
  credit: { noun: 'a share of the points', mend: 'more than 0, at most 1' },
  needs: { noun: 'the name of a check', mend: 'for example `needs: vnis`, or a list' },
  retry: { ...TIME, mend: 'for example `retry: 30s`, or `{for: 30s, every: 2s}`' },
  hold: { ...TIME, mend: 'for example `hold: 5s`' },
  for: TIME,
  every: TIME,
  within: TIME,
  downtime: TIME,
  convergence: TIME,
  interval: TIME,
  not: { noun: 'true or false', mend: '`not: true`, or leave it out' },
  showExpected: { noun: 'true or false', mend: '`showExpected: false`, or leave it out' },
  hint: { noun: 'a hint', mend: 'a text of up to 2000 characters' },
  visibility: { noun: 'a visibility', mend: '`visible`, `after_due_date`, `after_published` or `hidden`' },
  level: { noun: 'a level', mend: '`error` or `warning`' },
  topology: { noun: 'what is wanted of a topology', mend: '`reference`, or sections: `{networks: [vni, mtu]}`' },
  underlay: SECTION,
  hosts: SECTION,
  networks: SECTION,
  vms: SECTION,
  probes: { noun: 'a list of probes', mend: '`reference`, or `[{from: host-c, to: web}]`' },
  vni: NUMBER,
  'tunnel.vni': { noun: 'a VNI to expect', mend: 'a number, `reference`, `submission` or `any`' },
  exactly: { noun: 'true or false', mend: '`exactly: true`, or leave it out' },
  mtu: NUMBER,
  vcpus: NUMBER,
  cidr: ADDRESS,
  address: ADDRESS,
  mesh: { noun: 'a kind of mesh', mend: '`full`, `flow`, `{hub: host-a}` or `reference`' },
  rate: { noun: 'a rate', mend: '`100mbit`, `none` or `reference`' },
  delay: { noun: 'a delay', mend: '`20ms`, `none` or `reference`' },
  memory: { noun: 'a size in MiB or GiB', mend: '`128MiB` or `reference`' },
  source: { noun: 'a guest', mend: '`"image: micro"`, `"domain: NAME"` or `reference`' },
  nics: { noun: 'a list of NICs', mend: '`reference`, or `[{network: blue, mac: "52:54:00:09:00:01"}]`' },
  mac: { noun: 'a MAC address', mend: 'for example `mac: "52:54:00:09:00:01"`' },
  acl: REFERENCE_ONLY,
  migration: REFERENCE_ONLY,
  run: { noun: 'a list of program and arguments', mend: 'for example `run: [ovs-vsctl, show]`' },
  matches: { noun: 'a regular expression', mend: 'a text of up to 1000 characters in single quotes' },
  filter: { noun: 'a display filter', mend: FILTER_MEND },
  exit: { noun: 'an exit status', mend: 'a number from 0 to 255' },
  protocol: {
    noun: 'a protocol that can be asked about here',
    mend: '`icmp`, `tcp` or `udp`; `arp` for `isolated` and `trace`',
  },
  'reach.port': PORT,
  'isolated.port': PORT,
  'trace.port': PORT,
  count: { noun: 'a number of pings', mend: 'from 1 to 100' },
  bytes: { noun: `a size of 576 to ${ANY_ENCAPSULATION.largestMtu} bytes`, mend: 'for example `bytes: 1450`' },
  strategy: { noun: 'a strategy', mend: '`pre-copy`, `post-copy` or `auto-converge`' },
  part: {
    noun: 'a part of verify',
    mend: '`all`, `configuration`, `ports`, `vms`, `tunnels`, `probes`, `fdb`, `isolation`',
  },
};

const RIGHT: Shape = { noun: 'right', mend: 'see `vxmig schema rubric`' };

function shapeAt(path: Path): Shape {
  if (path.length === 2 && path[0] === 'checks') return SHAPES.check ?? RIGHT;
  const words = path.filter((segment) => !isPlace(segment)).map(String);
  const [last = ''] = words.slice(-1);
  const isOfTopology = words[2] === 'topology' && SECTIONS.includes(words[3] ?? '');
  if (isOfTopology && isPlace(path.at(-1) ?? '') && words.length <= 5) return KEY;
  // A thing's name is no key, though it may look like one.
  if (isOfTopology && words.length === 5) return THING;
  const known = SHAPES[words.slice(-2).join('.')] ?? (Object.hasOwn(SHAPES, last) ? SHAPES[last] : undefined);
  return known ?? (words.length === 3 ? { noun: 'a map', mend: 'see `vxmig schema rubric`' } : NAMED);
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
  return aboutKey(path, 'there are no checks', SHAPES.checks?.mend ?? '');
}

export const RUBRIC_WORDS: Vocabulary = {
  describe,
  shapeAt,
  misplacedKeys: MISPLACED_KEYS,
  tooMany: 'leave some out, or make two rubrics of it',
  special,
};
