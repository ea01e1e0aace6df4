import { access, constants, open, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, VxmigError } from '../../model/errors.js';

/**
 * Before the work that `file` is for: that it cannot be written is better said then. Nothing is written, and nothing made.
 * @param option as it was typed: `--output`
 * @throws {VxmigError} USAGE
 */
export async function requireWritable(file: string, option: string): Promise<void> {
  try {
    const there = await stat(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (there === null) await access(dirname(file), constants.W_OK | constants.X_OK);
    else if (there.isDirectory()) throw new Error('it is a directory');
    // Opened for reading, too, neither a file is cut nor a pipe waits for a reader.
    else if (there.isFile() || there.isFIFO()) await (await open(file, 'r+')).close();
    else await access(file, constants.W_OK);
  } catch (cause) {
    throw new VxmigError('USAGE', `cannot write ${file}: ${messageOf(cause)}`, {
      where: file,
      hint: `Give ${option} a file in a directory that exists and may be written.`,
      cause,
    });
  }
}

/**
 * @param otherwise what becomes of the content where it cannot be written, so that the work for it is not lost
 * @throws {VxmigError} NOT_WRITTEN
 */
export async function writeOutput(file: string, content: string, otherwise: () => void): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (cause) {
    otherwise();
    throw new VxmigError('NOT_WRITTEN', `cannot write ${file}: ${messageOf(cause)}`, { where: file, cause });
  }
}
