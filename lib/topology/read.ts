import { readFile, stat } from 'node:fs/promises';
import { VxmigError } from '../model/errors.js';
import type { Problem } from '../model/problem.js';
import type { Topology } from '../model/topology.js';
import { buildTopology } from './build.js';
import type { Complaint } from './complaint.js';
import { readDraft } from './draft.js';
import type { TopologyFile } from './file.js';
import { checkMeaning } from './meaning.js';
import { placeOfPath } from './places.js';
import { remarksOn } from './remarks.js';
import { schemaErrors } from './schema.js';
import { schemaComplaints, withoutRefused } from './schema-complaints.js';
import { TopologyError } from './topology-error.js';
import { LIMITS, readYaml, type YamlSource } from './yaml-source.js';

export interface ReadTopology {
  readonly topology: Topology;
  /** The file's text, byte for byte. */
  readonly source: string;
  readonly path: string;
  /** What has no effect as the file stands; nothing that would stop anybody. */
  readonly remarks: readonly Problem[];
}

/**
 * Reads and checks a topology file.
 * @throws {VxmigError} NOT_FOUND where there is no such file
 * @throws {TopologyError} TOPOLOGY_INVALID with every mistake in it
 */
export async function readTopology(path: string): Promise<ReadTopology> {
  const source = await readText(path);
  const { topology, remarks } = checked(source, path);
  return { topology, source, path, remarks };
}

/**
 * The same for a text at hand; `file` is for messages.
 * @throws {TopologyError} TOPOLOGY_INVALID with every mistake in it
 */
export function parseTopology(text: string, file: string): Topology {
  return checked(text, file).topology;
}

function checked(text: string, file: string): { readonly topology: Topology; readonly remarks: readonly Problem[] } {
  const { source, problems } = readYaml(text, file);
  if (source === null) throw new TopologyError(inOrder(problems), text);
  const mistakes = [...problems, ...placed(complaintsAbout(source), source, file)];
  if (mistakes.length > 0) throw new TopologyError(inOrder(mistakes), text);
  // ajv has vouched for the type.
  const value = source.value() as TopologyFile;
  return { topology: buildTopology(value), remarks: placed(remarksOn(value), source, file) };
}

function complaintsAbout(source: YamlSource): readonly Complaint[] {
  const errors = schemaErrors(source.value());
  const { draft, complaints } = readDraft(withoutRefused(source.value(), errors));
  return [...schemaComplaints(errors), ...complaints, ...checkMeaning(draft)];
}

function placed(complaints: readonly Complaint[], source: YamlSource, file: string): readonly Problem[] {
  return complaints.map(({ path, at, message, mend }) => {
    const place = placeOfPath(source.document, source.lines, path, at);
    return { file, ...place, message, mend };
  });
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    // readYaml says the same of a text; looking first keeps a huge file out of memory.
    if (size > LIMITS.fileBytes) {
      const message = 'the file is larger than 1 MiB';
      throw new TopologyError([{ file: path, line: 1, column: 1, message, mend: 'is this the right file?' }], '');
    }
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof VxmigError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    const reason = REASONS[code] ?? `cannot be read (${code})`;
    throw new VxmigError('NOT_FOUND', `${path}: ${reason}`, { where: path, hint: 'Check the path.', cause });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'is a directory, not a topology file',
  EACCES: 'may not be read by this user',
};
