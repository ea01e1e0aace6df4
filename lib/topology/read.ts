import type { Problem } from '../model/problem.js';
import type { Topology } from '../model/topology.js';
import { buildTopology } from './build.js';
import type { Complaint } from './complaint.js';
import { decodeText } from './decode-text.js';
import { readDraft } from './draft.js';
import type { TopologyFile } from './file.js';
import { legible } from './legible.js';
import { checkMeaning } from './meaning.js';
import { placed } from './placed.js';
import { readText } from './read-text.js';
import { remarksOn } from './remarks.js';
import { schemaErrors } from './schema.js';
import { schemaComplaints, withoutRefused } from './schema-complaints.js';
import { TOPOLOGY_WORDS } from './shapes.js';
import { TopologyError } from './topology-error.js';
import { readYaml, type YamlSource } from './yaml-source.js';

export interface ReadTopology {
  readonly topology: Topology;
  /** The file's text, byte for byte. */
  readonly source: string;
  /** What has no effect as the file stands; nothing that would stop anybody. */
  readonly remarks: readonly Problem[];
}

/**
 * Reads and checks a topology file.
 * @throws {VxmigError} NOT_FOUND where there is no such file
 * @throws {TopologyError} TOPOLOGY_INVALID with every mistake in it
 */
export async function readTopology(path: string): Promise<ReadTopology> {
  const { text: source, problem } = await readText(path, 'topology');
  if (problem !== null) throw new TopologyError([problem], '');
  const { topology, remarks } = checked(source, path);
  return { topology, source, remarks };
}

/**
 * The same for a text at hand; `file` is for messages.
 * @throws {TopologyError} TOPOLOGY_INVALID with every mistake in it
 */
export function parseTopology(text: string, file: string): Topology {
  return checked(text, file).topology;
}

/**
 * The same for a file's bytes, whatever they are.
 * @throws {TopologyError} TOPOLOGY_INVALID with every mistake in it
 */
export function topologyIn(bytes: Buffer, file: string): Topology {
  const { text, problem } = decodeText(bytes, file);
  if (problem !== null) throw new TopologyError([problem], '');
  return parseTopology(text, file);
}

function checked(text: string, file: string): { readonly topology: Topology; readonly remarks: readonly Problem[] } {
  const { source, problems } = readYaml(text, file, 'topology');
  if (source === null) throw mistakesIn(problems, text);
  const mistakes = [...problems, ...placed(complaintsAbout(source), source, file)];
  if (mistakes.length > 0) throw mistakesIn(mistakes, text);
  // ajv has vouched for the type.
  const value = source.value() as TopologyFile;
  return { topology: buildTopology(value), remarks: placed(remarksOn(value), source, file) };
}

function complaintsAbout(source: YamlSource): readonly Complaint[] {
  const errors = schemaErrors(source.value());
  const { draft, complaints } = readDraft(withoutRefused(source.value(), errors));
  return [...schemaComplaints(errors, TOPOLOGY_WORDS), ...complaints, ...checkMeaning(draft)];
}

function mistakesIn(problems: readonly Problem[], text: string): TopologyError {
  const inOrder = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  return new TopologyError(legible(inOrder), text);
}
