import type { Topology } from '../../model/topology.js';
import { aboutKey, aboutValue, type Complaint, type Path } from '../../topology/complaint.js';
import { suggestion } from '../../topology/suggest.js';
import type { CheckKind, Scene } from '../kind.js';
import type { Wanted } from '../rubric.js';
import type { Fact } from '../sight.js';
import { SECTIONS, type SectionName } from '../topology-keys.js';
import { accessFacts } from './topology-access.js';
import { nicFacts, probeComplaints, probeFacts } from './topology-lists.js';

const NAMES = Object.keys(SECTIONS) as readonly SectionName[];

/** `networks: …`, as far as it matters here: the schema has vetted what stands where. */
type WrittenSection = 'reference' | readonly string[] | Readonly<Record<string, WrittenThing>>;
type WrittenThing = 'reference' | 'present' | 'absent' | readonly string[] | Readonly<Record<string, unknown>>;
type WrittenSections = { readonly [name in SectionName]?: WrittenSection } & Pick<
  Exclude<Wanted<'topology'>, string>,
  'probes'
>;

/** Facts of the student's file. */
export const TOPOLOGY: CheckKind<'topology'> = {
  steadiness: 'it compares two files, and asks nobody',
  insteadOfNot: null,
  measures: [],
  complaints: (wanted, reference) => [
    ...(reference === null ? lackOfReference(wanted, []) : []),
    ...NAMES.flatMap((name) => sectionComplaints(name, sectionsOf(wanted)[name], reference)),
    ...probeComplaints(sectionsOf(wanted).probes),
  ],
  needsReference: (wanted) => lackOfReference(wanted, []).length > 0,
  look: {
    at: 'file',
    see: (wanted, scene) => {
      const sections = sectionsOf(wanted);
      return {
        facts: [
          ...NAMES.flatMap((name) => sectionFacts(name, sections[name], scene)),
          ...probeFacts(sections.probes, scene),
        ],
      };
    },
  },
};

function sectionsOf(wanted: Wanted<'topology'>): WrittenSections {
  if (typeof wanted !== 'string') return wanted as WrittenSections;
  return {
    underlay: 'reference',
    hosts: 'reference',
    networks: 'reference',
    vms: 'reference',
    probes: 'reference',
  };
}

function sectionFacts(name: SectionName, wanted: WrittenSection | undefined, scene: Scene): Fact[] {
  if (wanted === undefined) return [];
  const known = scene.reference === null ? [] : [...SECTIONS[name].texts(scene.reference).keys()];
  if (wanted === 'reference')
    return [namesFact(name, known, scene), ...known.flatMap((thing) => thingFacts(name, thing, 'reference', scene))];
  if (isList(wanted)) return known.flatMap((thing) => thingFacts(name, thing, wanted, scene));
  return Object.entries(wanted).flatMap(([thing, of]) => thingFacts(name, thing, of, scene));
}

function namesFact(name: SectionName, known: readonly string[], { submission }: Scene): Fact {
  const expected = [...known].sort().join(', ') || 'none';
  const seen = [...SECTIONS[name].texts(submission).keys()].sort().join(', ') || 'none';
  return { what: SECTIONS[name].many, holds: seen === expected, expected, seen };
}

function thingFacts(section: SectionName, name: string, wanted: WrittenThing, scene: Scene): Fact[] {
  const what = `${SECTIONS[section].one} ${name}`;
  const thing = SECTIONS[section].texts(scene.submission).get(name);
  const isThere = thing !== undefined;
  const seen = isThere ? 'it is there' : 'it is not there';
  if (wanted === 'present') return [{ what, holds: isThere, expected: 'it is there', seen }];
  if (wanted === 'absent') return [{ what, holds: !isThere, expected: 'it is not there', seen }];
  const model = scene.reference === null ? undefined : SECTIONS[section].texts(scene.reference).get(name);
  const keys = wanted === 'reference' ? SECTIONS[section].keys : isList(wanted) ? wanted : null;
  const values = keys === null ? Object.entries(wanted) : keys.map((key) => [key, 'reference'] as const);
  return values.flatMap(([key, value]) => {
    const of = `\`${key}\` of ${what}`;
    if (key === 'acl') return accessFacts(section, name, { what: of, seen: thing?.[key], scene });
    if (key === 'nics' && Array.isArray(value)) return nicFacts(scene.submission, name, value);
    const answer = compared({ section, key, value, model: model?.[key] });
    const text = thing?.[key];
    return text === undefined
      ? [{ what: of, holds: null, expected: answer.expected, seen: `there is no ${what}` }]
      : [{ what: of, holds: answer.holds(text), expected: answer.expected, seen: text }];
  });
}

interface Comparison {
  readonly expected: string;
  readonly holds: (text: string) => boolean;
}

/** @throws Error where the rubric's own values are none, which reading it has ruled out */
function compared({
  section,
  key,
  value,
  model,
}: {
  readonly section: SectionName;
  readonly key: string;
  readonly value: unknown;
  readonly model: string | undefined;
}): Comparison {
  if (isRange(value)) {
    const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = value;
    const holds = (text: string) => Number(text) >= atLeast && Number(text) <= atMost;
    return { expected: rangeText(value), holds };
  }
  const expected = value === 'reference' ? model : SECTIONS[section].read(key, value);
  if (expected === undefined || expected === null) throw new Error(`no value is expected of ${key}`);
  return { expected, holds: (text) => text === expected };
}

interface Range {
  readonly atLeast?: number;
  readonly atMost?: number;
}

function isRange(value: unknown): value is Range {
  return typeof value === 'object' && value !== null && ('atLeast' in value || 'atMost' in value);
}

function rangeText({ atLeast, atMost }: Range): string {
  const parts = [...(atLeast === undefined ? [] : [`at least ${atLeast}`])];
  return [...parts, ...(atMost === undefined ? [] : [`at most ${atMost}`])].join(' and ');
}

function isList(wanted: WrittenSection | WrittenThing): wanted is readonly string[] {
  return Array.isArray(wanted);
}

function sectionComplaints(
  section: SectionName,
  wanted: WrittenSection | undefined,
  reference: Topology | null,
): Complaint[] {
  if (wanted === undefined) return [];
  const known = reference === null ? null : [...SECTIONS[section].texts(reference).keys()];
  const { one, many } = SECTIONS[section];
  if (isList(wanted) && known?.length === 0)
    return [aboutKey([section], `the reference has no ${many}`, 'remove this, or write `reference`')];
  if (typeof wanted === 'string' || isList(wanted)) return [];
  return Object.entries(wanted).flatMap(([name, of]) => {
    const path = [section, name];
    const isKnown = known === null || known.includes(name);
    if (of === 'absent')
      return known !== null && isKnown
        ? [aboutValue(path, `the reference has a ${one} ${name}`, 'remove it there, or this here')]
        : [];
    if (!isKnown) return [aboutKey(path, `the reference has no ${one} ${name}`, suggestion(name, known ?? []))];
    return typeof of === 'string' || isList(of) ? [] : valueComplaints(section, path, of);
  });
}

function valueComplaints(section: SectionName, path: Path, values: Readonly<Record<string, unknown>>): Complaint[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const place = [...path, key];
    if (value === 'reference' || key === 'nics') return [];
    if (isRange(value))
      return (value.atLeast ?? 0) > (value.atMost ?? Number.POSITIVE_INFINITY)
        ? [aboutKey(place, `nothing is ${rangeText(value)}`, 'exchange the two')]
        : [];
    if (SECTIONS[section].read(key, value) !== null) return [];
    return [aboutValue(place, `${String(value)} is none`, 'write it as in a topology file')];
  });
}

/** Every place that says `reference`, by itself or by a list of keys. */
function lackOfReference(wanted: unknown, path: Path): Complaint[] {
  const fix = 'name one at the top of the rubric: `reference: reference.yaml`';
  const isKeys = Array.isArray(wanted) && wanted.every((item) => typeof item === 'string') && path.length <= 2;
  if (wanted === 'reference' || isKeys) return [aboutValue(path, 'there is no reference topology', fix)];
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) return [];
  return Object.entries(wanted).flatMap(([key, value]) => lackOfReference(value, [...path, key]));
}
