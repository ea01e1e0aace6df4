import type { Dirent } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, VxmigError } from '../model/errors.js';
import { readHandedIn } from './handed-in.js';
import { endingOf, isLitter, looksLikeTopology, withoutEnding } from './litter.js';
import { handedInBy, type Submission } from './student-files.js';

export interface Submissions {
  /** By the student's name, each once. */
  readonly submissions: readonly Submission[];
  /** What is nobody's submission, from the directory. */
  readonly ignored: readonly string[];
}

/**
 * A directory of submissions: YAML files (the student is the name without its ending), text files that hold a topology,
 * and directories named after students with one topology somewhere in them, as learning platforms export them. Links
 * are never followed: they may lead to what is no student's, or is another's.
 * @throws VxmigError NOT_FOUND where there is no such directory, or nobody's submission in it
 */
export async function findSubmissions(directory: string): Promise<Submissions> {
  const { root, entries } = await opened(directory).catch((cause: unknown) => {
    const hint = 'Give the directory that holds the submissions.';
    throw new VxmigError('NOT_FOUND', `${directory}: ${whyUnread(cause)}`, { where: directory, hint, cause });
  });
  const areSomebodys = await Promise.all(entries.map(async (entry) => await isSomebodys(entry, { root, entries })));
  const own = entries.filter((_, index) => areSomebodys[index] === true);
  if (own.length === 0) {
    const hint = 'It should hold NAME.yaml for each student, or a directory NAME with one YAML file in it.';
    throw new VxmigError('NOT_FOUND', `${directory}: there are no submissions`, { where: directory, hint });
  }
  const names = studentsOf(own);
  const found = await Promise.all(own.map(async (entry) => await handedInBy(names.get(entry) ?? '', root, entry)));
  const others = entries.filter((entry) => !own.includes(entry)).map(({ name }) => name);
  return {
    submissions: found.map(({ submission }) => submission).sort((a, b) => (a.student < b.student ? -1 : 1)),
    ignored: [...others, ...found.flatMap(({ ignored }) => ignored)].sort(),
  };
}

/** Links on the way to it are its owner's. */
async function opened(directory: string): Promise<{ readonly root: string; readonly entries: readonly Dirent[] }> {
  const root = await realpath(directory);
  const entries = await readdir(root, { withFileTypes: true });
  return { root, entries: entries.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** Moodle keeps what was typed into its page apart from what was handed in as a file. */
const TYPED = /_assignsubmission_onlinetext_?$/;

async function isSomebodys(
  entry: Dirent,
  { root, entries }: { readonly root: string; readonly entries: readonly Dirent[] },
): Promise<boolean> {
  const { name } = entry;
  if (isLitter(name)) return false;
  const file = name.replace(TYPED, '_assignsubmission_file');
  if (file !== name && entries.some((other) => other.name === file || other.name === `${file}_`)) return false;
  // A link may stand in place of a directory.
  if (entry.isDirectory() || entry.isSymbolicLink() || endingOf(name) === 'yaml') return true;
  if (endingOf(name) !== 'text') return false;
  const handed = await readHandedIn(join(root, name)).catch(() => null);
  return handed?.kind === 'file' && looksLikeTopology(handed.bytes);
}

/** Names without endings; whole ones where two would be called the same. */
function studentsOf(entries: readonly Dirent[]): ReadonlyMap<Dirent, string> {
  const short = (entry: Dirent) => (entry.isDirectory() ? entry.name : withoutEnding(entry.name));
  const names = new Map(entries.map((entry) => [entry, short(entry)]));
  for (;;) {
    const counts = new Map<string, number>();
    for (const name of names.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
    const twins = entries.filter((entry) => (counts.get(names.get(entry) ?? '') ?? 0) > 1);
    const changed = twins.filter((entry) => names.get(entry) !== entry.name);
    if (changed.length === 0) return names;
    for (const entry of changed) names.set(entry, entry.name);
  }
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
