import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import { messageOf, VxmigError } from '../model/errors.js';
import { printableLine } from '../model/printable.js';
import { LIMITS } from '../topology/yaml-source.js';

/**
 * What a student has handed in. `broken`: nothing that can be graded, by the student's own doing. `unseen`: it was not
 * looked at, and that is nobody's fault. `own`: where the path is the teacher's own, how to have it graded all the
 * same.
 */
export type HandedIn =
  | { readonly kind: 'file'; readonly bytes: Buffer }
  | { readonly kind: 'broken' | 'unseen'; readonly why: string; readonly own: string };

/** open(2), `O_PATH`: a descriptor of the file itself, which opens nothing; Node has no name for it. */
const O_PATH = 0o10000000;

/**
 * Reads a submission, and nothing else: no link is followed, neither at the end of the path nor on the way, what is no
 * regular file is not opened, and what was looked at is what is read, whatever becomes of the path meanwhile.
 * @throws VxmigError NOT_FOUND where there is no such file, or none that this user may read
 */
export async function readHandedIn(path: string): Promise<HandedIn> {
  const name = printableLine(basename(path));
  try {
    const reached = await reach(path);
    if ('link' in reached) {
      const why = `${printableLine(reached.link)} on the way to ${name} is a link, and links are not followed`;
      return { kind: 'unseen', why, own: 'give the path without links, as `readlink -f` prints it' };
    }
    try {
      return faultOf(await reached.file.stat(), name) ?? (await contentOf(reached.file, name));
    } finally {
      await reached.file.close();
    }
  } catch (cause) {
    if (cause instanceof VxmigError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const message = `${printableLine(path)}: ${REASONS[code] ?? `cannot be read (${messageOf(cause)})`}`;
    throw new VxmigError('NOT_FOUND', message, { where: path, hint: 'Check the path.', cause });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'may not be read by this user',
};

/**
 * From directory to directory, each by the descriptor of the one before: a path as a whole could lead elsewhere at each
 * opening.
 */
async function reach(path: string): Promise<{ readonly file: FileHandle } | { readonly link: string }> {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  let here = await open(isAbsolute(path) ? '/' : '.', O_PATH);
  for (const [index, name] of names.entries()) {
    const before = here;
    try {
      here = await open(`/proc/self/fd/${before.fd}/${name}`, O_PATH | constants.O_NOFOLLOW);
    } finally {
      await before.close();
    }
    if (index === names.length - 1) break;
    if ((await here.stat()).isSymbolicLink()) {
      await here.close();
      return { link: names.slice(0, index + 1).join('/') };
    }
  }
  return { file: here };
}

/** null: a file like others. */
function faultOf(stats: Stats, name: string): HandedIn | null {
  const broken = (what: string, own: string): HandedIn => ({ kind: 'broken', why: `${name} is ${what}`, own });
  if (stats.isSymbolicLink())
    return broken('a link, which is not followed', 'give the file that it leads to, as `readlink -f` prints it');
  if (stats.isDirectory()) return broken('a directory', '`--batch DIR` grades a directory of submissions');
  if (!stats.isFile()) return broken(stats.isFIFO() ? 'a pipe' : 'a device or a socket', 'give a regular file');
  if (stats.size > LIMITS.fileBytes) return broken('larger than 1 MiB', 'a topology file is a few KiB');
  // None: it has been replaced meanwhile.
  if (stats.nlink <= 1) return null;
  const why = `${name} has ${stats.nlink} names (hard links), and may be somebody else's file`;
  return { kind: 'unseen', why, own: 'make a copy of it (`cp`), and have that graded' };
}

/** It may have grown since. */
async function contentOf(file: FileHandle, name: string): Promise<HandedIn> {
  const opened = await open(`/proc/self/fd/${file.fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(LIMITS.fileBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await opened.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) return { kind: 'file', bytes: buffer.subarray(0, length) };
      length += bytesRead;
    }
    return { kind: 'broken', why: `${name} is larger than 1 MiB`, own: 'a topology file is a few KiB' };
  } finally {
    await opened.close();
  }
}
