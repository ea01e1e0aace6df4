import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { messageOf } from '../model/errors.js';
import { formatCount } from '../model/quantities.js';
import { readHandedIn } from './handed-in.js';
import { endingOf, isLitter, looksLikeTopology } from './litter.js';

/** What a student has handed in; of `broken` and `unseen` as `HandedIn` has them. */
export type Submission = { readonly student: string; readonly path: string } & (
  | { readonly kind: 'file' }
  | { readonly kind: 'broken' | 'unseen'; readonly why: string }
);

export interface Found {
  readonly submission: Submission;
  /** What else lies there, from the directory of all submissions. */
  readonly ignored: readonly string[];
}

/** Deeper, and of more, is no topology's directory. */
const LIMITS = { depth: 8, files: 1000 } as const;
/** Of names; more would bury the rest. */
const NAMES_TOLD = 5;

/** The one topology in what is a student's own: a file, or a directory that may hold others, and directories. */
export async function handedInBy(student: string, root: string, entry: Dirent): Promise<Found> {
  const path = join(root, entry.name);
  if (!entry.isDirectory()) return { submission: await looked(student, path), ignored: [] };
  let files: readonly string[] | null;
  try {
    files = await filesBelow(path);
  } catch (cause) {
    return {
      submission: { student, path, kind: 'unseen', why: `it cannot be read (${messageOf(cause)})` },
      ignored: [],
    };
  }
  if (files === null) {
    const why = `there are more than ${LIMITS.files} files, or directories in more than ${LIMITS.depth} others`;
    return { submission: { student, path, kind: 'broken', why }, ignored: [] };
  }
  const inOrder = files.map((file) => relative(path, file)).sort();
  const chosen = await chosenOf(path, inOrder);
  const ignored = (kept: readonly string[]) =>
    inOrder.filter((name) => !kept.includes(name)).map((name) => join(entry.name, name));
  return typeof chosen === 'string'
    ? { submission: await looked(student, join(path, chosen)), ignored: ignored([chosen]) }
    : { submission: { student, path, ...chosen }, ignored: ignored(inOrder.filter((name) => !isJunk(name))) };
}

/** The file's name from there; or why there is none. */
async function chosenOf(
  directory: string,
  files: readonly string[],
): Promise<string | { readonly kind: 'broken' | 'unseen'; readonly why: string }> {
  const candidates = files.filter((name) => !isJunk(name));
  const yaml = candidates.filter((name) => endingOf(name) === 'yaml');
  // Whatever it is, its mistakes say more than its absence.
  if (yaml.length === 1 && candidates.length === 1) return yaml[0] ?? '';
  const alike: string[] = [];
  try {
    for (const name of candidates) if (await isAlike(join(directory, name))) alike.push(name);
  } catch (cause) {
    return { kind: 'unseen', why: messageOf(cause) };
  }
  const [only = yaml[0]] = alike;
  if (only !== undefined && (alike.length === 1 || (alike.length === 0 && yaml.length === 1))) return only;
  return { kind: 'broken', why: whyNone(alike, candidates, files) };
}

function whyNone(alike: readonly string[], candidates: readonly string[], files: readonly string[]): string {
  if (alike.length > 1)
    return `there are ${formatCount(alike.length, 'topology', 'topologies')}, not one: ${told(alike)}`;
  if (candidates.length > 0) return `there is no topology in ${told(candidates)}`;
  const there = files.length === 0 ? '' : `, only ${told(files)}`;
  return `there is no file whose name ends in .yaml or .yml${there}`;
}

function told(names: readonly string[]): string {
  const more = names.length - NAMES_TOLD;
  return `${names.slice(0, NAMES_TOLD).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

async function isAlike(path: string): Promise<boolean> {
  const handed = await readHandedIn(path);
  return handed.kind === 'file' && looksLikeTopology(handed.bytes);
}

function isJunk(name: string): boolean {
  return name.split('/').some(isLitter) || endingOf(name) === null;
}

/** Whatever is no directory, links among it; null: there is too much. */
async function filesBelow(root: string): Promise<readonly string[] | null> {
  const files: string[] = [];
  const waiting = [{ directory: root, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.depth > LIMITS.depth) return null;
    for (const entry of await readdir(next.directory, { withFileTypes: true })) {
      const path = join(next.directory, entry.name);
      if (entry.isDirectory() && !isLitter(entry.name)) waiting.push({ directory: path, depth: next.depth + 1 });
      else files.push(path);
      if (files.length + waiting.length > LIMITS.files) return null;
    }
  }
  return files;
}

async function looked(student: string, path: string): Promise<Submission> {
  try {
    const handed = await readHandedIn(path);
    return handed.kind === 'file'
      ? { student, path, kind: 'file' }
      : { student, path, kind: handed.kind, why: handed.why };
  } catch (cause) {
    return { student, path, kind: 'unseen', why: messageOf(cause) };
  }
}
