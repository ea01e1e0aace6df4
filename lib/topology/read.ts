import { open } from 'node:fs/promises';
import { VxmigError } from '../model/errors.js';
import type { Problem } from '../model/problem.js';
import type { Topology } from '../model/topology.js';
import { buildTopology } from './build.js';
import type { Complaint } from './complaint.js';
import { decodeText } from './decode-text.js';
import { readDraft } from './draft.js';
import type { TopologyFile } from './file.js';
import { legible } from './legible.js';
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
  return [...schemaComplaints(errors), ...complaints, ...checkMeaning(draft)];
}

function placed(complaints: readonly Complaint[], source: YamlSource, file: string): readonly Problem[] {
  return complaints.map(({ path, at, message, mend }) => {
    const place = placeOfPath(source.document, source.lines, path, at);
    return { file, ...place, message, mend };
  });
}

function mistakesIn(problems: readonly Problem[], text: string): TopologyError {
  const inOrder = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  return new TopologyError(legible(inOrder), text);
}

async function readText(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readBeginning(path, LIMITS.fileBytes + 1);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    const reason = REASONS[code] ?? `cannot be read (${code})`;
    throw new VxmigError('NOT_FOUND', `${path}: ${reason}`, { where: path, hint: 'Check the path.', cause });
  }
  // What was cut may have been cut within a character.
  if (bytes.length > LIMITS.fileBytes) return bytes.toString('latin1');
  const { text, problem } = decodeText(bytes, path);
  if (problem !== null) throw new TopologyError([problem], '');
  return text;
}

/** No more than `limitBytes`: a device or a pipe may never end, and says nothing of its size. */
async function readBeginning(path: string, limitBytes: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const parts: Buffer[] = [];
    let left = limitBytes;
    while (left > 0) {
      const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(Math.min(left, 65_536)) });
      if (bytesRead === 0) break;
      parts.push(buffer.subarray(0, bytesRead));
      left -= bytesRead;
    }
    return Buffer.concat(parts);
  } finally {
    await file.close();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'is a directory, not a topology file',
  EACCES: 'may not be read by this user',
};
