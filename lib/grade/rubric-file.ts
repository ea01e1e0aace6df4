import { dirname, isAbsolute, join } from 'node:path';
import { messageOf, VxmigError } from '../model/errors.js';
import type { Problem } from '../model/problem.js';
import { aboutValue } from '../topology/complaint.js';
import { placed } from '../topology/placed.js';
import { readText } from '../topology/read-text.js';
import { pathOf, schemaComplaints, withoutRefused } from '../topology/schema-complaints.js';
import { TopologyError } from '../topology/topology-error.js';
import { readYaml, type YamlSource } from '../topology/yaml-source.js';
import type { Check, RubricFile } from './file.js';
import type { WrittenCheck } from './meaning.js';
import { rubricSchemaErrors } from './schema.js';
import { RUBRIC_WORDS } from './words.js';

export interface ReadOptions {
  /**
   * Students have a rubric without the files that hold what is right: then what needs these is left out, and said to
   * be. For anybody else it is a mistake, for he would grade by less than he thinks.
   */
  readonly forStudent: boolean;
}

export interface RubricSource {
  readonly path: string;
  readonly isHidden: boolean;
  /** null: it is not YAML that can be read. */
  readonly source: YamlSource | null;
  readonly problems: readonly Problem[];
  /** With holes where the schema refused something. */
  readonly value: Partial<RubricFile>;
  /** Of all checks, also of those whose shape is wrong. */
  readonly names: readonly string[];
  /** Those that are maps at least. */
  readonly checks: readonly WrittenCheck[];
}

/** One file, as far as it can be read; what its checks mean is for whoever has all files. */
export async function readRubricFile(path: string, isHidden: boolean): Promise<RubricSource> {
  const { text, problem } = await readText(path, 'rubric');
  const { source, problems } =
    problem === null ? readYaml(text, path, 'rubric') : { source: null, problems: [problem] };
  if (source === null) return { path, isHidden, source, problems, value: {}, names: [], checks: [] };
  const errors = rubricSchemaErrors(source.value());
  const refused = new Set(errors.map(({ instancePath }) => pathOf(instancePath)[1]));
  const value = withoutRefused(source.value(), errors) as Partial<RubricFile>;
  const written = Object.entries((value.checks ?? {}) as Record<string, Check>);
  return {
    path,
    isHidden,
    source,
    problems: [...problems, ...placed(schemaComplaints(errors, RUBRIC_WORDS), source, path)],
    value,
    names: written.map(([name]) => name),
    checks: written
      .filter(([, check]) => check !== undefined)
      .map(([name, check]) => ({ name, check, isHidden, isWhole: !refused.has(name) })),
  };
}

/** Another file that the rubric names, from its own directory; or what is wrong with it. */
export async function besides<Found>(
  { path, source, value }: RubricSource,
  { key, forStudent }: ReadOptions & { readonly key: 'hidden' | 'reference' },
  read: (path: string) => Promise<Found>,
): Promise<Besides<Found>> {
  const nothing = { found: null, problems: [], withheld: null };
  const named = value[key];
  if (named === undefined || source === null) return nothing;
  try {
    return { ...nothing, found: await read(isAbsolute(named) ? named : join(dirname(path), named)) };
  } catch (error) {
    if (error instanceof TopologyError) return { ...nothing, problems: error.problems };
    const isMissing = error instanceof VxmigError && error.code === 'NOT_FOUND';
    if (isMissing && forStudent) return { ...nothing, withheld: named };
    if (!isMissing && !(error instanceof VxmigError && error.code === 'RUBRIC_INVALID')) throw error;
    const fix = `a path from ${dirname(path)}; a student who has not been given it grades with \`--for student\``;
    return { ...nothing, problems: placed([aboutValue([key], messageOf(error), fix)], source, path) };
  }
}

interface Besides<Found> {
  readonly found: Found | null;
  readonly problems: readonly Problem[];
  /** How it is named, where it is not there and need not be; else null. */
  readonly withheld: string | null;
}
