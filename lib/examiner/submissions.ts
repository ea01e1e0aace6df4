import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, VxmigError } from '../model/errors.js';
import { formatCount } from '../model/quantities.js';
import { LIMITS } from '../topology/yaml-source.js';

/**
 * What a student has handed in. `broken`: no file that can be graded, by the student's own doing; it was not read. `unseen`: it could not
 * be looked at, which is nobody's fault.
 */
export type Submission = { readonly student: string; readonly path: string } & (
  | { readonly kind: 'file' }
  | { readonly kind: 'broken' | 'unseen'; readonly why: string }
);

export interface Submissions {
  /** By the student's name, each once. */
  readonly submissions: readonly Submission[];
  /** Names of what is nobody's submission. */
  readonly ignored: readonly string[];
}

const YAML = /\.ya?ml$/i;

/** What systems leave behind: names that begin with a dot, and what macOS puts into its archives. */
const LITTER = /^(?:\.|__MACOSX$)/;

/**
 * A directory of submissions: YAML files (the student is the name without its ending), and directories named after students with one YAML
 * file in them, as learning platforms export them. Links are never followed: they may lead to what is no student's, or is another's.
 * @throws VxmigError NOT_FOUND where there is no such directory, or nobody's submission in it
 */
export async function findSubmissions(directory: string): Promise<Submissions> {
  const entries = await entriesOf(directory).catch((cause: unknown) => {
    const hint = 'Give the directory that holds the submissions.';
    throw new VxmigError('NOT_FOUND', `${directory}: ${whyUnread(cause)}`, { where: directory, hint, cause });
  });
  const byStudent = new Map<string, Dirent[]>();
  for (const entry of entries) {
    const student = studentOf(entry);
    if (student !== null) byStudent.set(student, [...(byStudent.get(student) ?? []), entry]);
  }
  if (byStudent.size === 0) {
    const hint = 'It should hold NAME.yaml for each student, or a directory NAME with one YAML file in it.';
    throw new VxmigError('NOT_FOUND', `${directory}: there are no submissions`, { where: directory, hint });
  }
  const submissions = await Promise.all(
    [...byStudent].map(([student, own]) => submissionOf(student, { directory, entries: own })),
  );
  return {
    submissions: submissions.sort((a, b) => (a.student < b.student ? -1 : 1)),
    ignored: entries.filter((entry) => studentOf(entry) === null).map(({ name }) => name),
  };
}

/** Without litter, by name. */
async function entriesOf(directory: string): Promise<Dirent[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries.filter(({ name }) => !LITTER.test(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whose it is; null: it is nobody's. */
function studentOf(entry: Dirent): string | null {
  if (entry.isDirectory()) return entry.name;
  if (YAML.test(entry.name)) return entry.name.replace(YAML, '');
  // In place of a directory.
  return entry.isSymbolicLink() ? entry.name : null;
}

async function submissionOf(
  student: string,
  { directory, entries }: { readonly directory: string; readonly entries: readonly Dirent[] },
): Promise<Submission> {
  const [entry, ...more] = entries;
  const path = join(directory, entry?.name ?? student);
  if (entry === undefined || more.length > 0)
    return broken(student, directory, `there is more than one: ${entries.map(({ name }) => name).join(', ')}`);
  return entry.isDirectory() ? await oneOf(student, path) : await looked(student, path, entry.name);
}

/** The one file in a student's own directory. */
async function oneOf(student: string, directory: string): Promise<Submission> {
  let names: string[];
  try {
    names = (await entriesOf(directory)).map(({ name }) => name).filter((name) => YAML.test(name));
  } catch (cause) {
    return { student, path: directory, kind: 'unseen', why: whyUnread(cause) };
  }
  const [name, ...more] = names;
  if (name === undefined) return broken(student, directory, 'there is no file whose name ends in .yaml or .yml');
  if (more.length > 0)
    return broken(student, directory, `there are ${formatCount(names.length, 'YAML file')}, not one`);
  return await looked(student, join(directory, name), name);
}

async function looked(student: string, path: string, name: string): Promise<Submission> {
  let stats: Stats;
  try {
    stats = await lstat(path);
  } catch (cause) {
    return { student, path, kind: 'unseen', why: whyUnread(cause) };
  }
  const kind = kindOf(stats);
  if (kind !== null) return broken(student, path, `${name} is ${kind}`);
  if (stats.size > LIMITS.fileBytes) return broken(student, path, `${name} is larger than 1 MiB`);
  return { student, path, kind: 'file' };
}

/** null: a file like others. */
function kindOf(stats: Stats): string | null {
  if (stats.isFile()) return null;
  if (stats.isSymbolicLink()) return 'a link, which is not followed';
  if (stats.isDirectory()) return 'a directory';
  return stats.isFIFO() ? 'a pipe' : 'a device or a socket';
}

function broken(student: string, path: string, why: string): Submission {
  return { student, path, kind: 'broken', why };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such directory',
  ENOTDIR: 'it is no directory',
  EACCES: 'it may not be read by this user',
};

function whyUnread(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  return REASONS[code] ?? `it cannot be read (${messageOf(cause)})`;
}
