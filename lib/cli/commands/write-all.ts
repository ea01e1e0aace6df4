import { constants, copyFile, lstat, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, VxmigError } from '../../model/errors.js';

/**
 * Writes all of these files or none: they are written beside their places, and come to these only when all of
 * them are there. Directories are made.
 * @param contents path → text
 * @param force replaces files that are there already
 * @throws {VxmigError} USAGE with the path that is in the way or cannot be written
 */
export async function writeAll(contents: ReadonlyMap<string, string>, force: boolean): Promise<void> {
  const drafts = [...contents].map(([path, text]) => ({ path, text, draft: `${path}.${process.pid}.draft` }));
  const placed: string[] = [];
  let current = '';
  try {
    for (const { path, text, draft } of drafts) {
      current = path;
      await refuseInTheWay(path, force);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(draft, text, { flag: 'wx' });
    }
    for (const { path, draft } of drafts) {
      current = path;
      // Unlike a renamed file, this copy never takes the place of one that came there meanwhile.
      await (force ? rename(draft, path) : copyFile(draft, path, constants.COPYFILE_EXCL));
      placed.push(path);
    }
  } catch (cause) {
    if (!force) for (const path of placed) await rm(path, { force: true });
    throw refusal(current, cause, force ? placed : []);
  } finally {
    for (const { draft } of drafts) await rm(draft, { force: true }).catch(() => undefined);
  }
}

async function refuseInTheWay(path: string, force: boolean): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!force) throw Object.assign(new Error('is there already'), { code: 'EEXIST' });
  if (!found.isFile() && !found.isSymbolicLink()) throw new Error('what is there is no file');
}

/** @param replaced what had been there before is gone */
function refusal(path: string, cause: unknown, replaced: readonly string[]): VxmigError {
  const { code } = cause as NodeJS.ErrnoException;
  const written = replaced.length === 0 ? 'nothing was written' : `${replaced.join(', ')} was replaced already`;
  if (code === 'EEXIST')
    return new VxmigError('USAGE', `${path} is there already; nothing was written`, {
      where: path,
      hint: 'Give --output another directory, or say --force to replace it.',
      cause,
    });
  return new VxmigError('USAGE', `cannot write ${path}: ${messageOf(cause)}; ${written}`, {
    where: path,
    hint: 'Give --output a directory that may be written, with no directory of that name in it.',
    cause,
  });
}
