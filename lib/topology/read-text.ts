import { open } from 'node:fs/promises';
import { VxmigError } from '../model/errors.js';
import type { Problem } from '../model/problem.js';
import { decodeText } from './decode-text.js';
import { LIMITS } from './yaml-source.js';

/**
 * A file's text, or the place where it is none. Of one that is too large as much as shows that it is.
 * @param noun what the file should be, for messages: `topology`
 * @throws {VxmigError} NOT_FOUND where there is no such file, or none that may be read
 */
export async function readText(
  path: string,
  noun: string,
): Promise<{ readonly text: string; readonly problem: Problem | null }> {
  let bytes: Buffer;
  try {
    bytes = await readBeginning(path, LIMITS.fileBytes + 1);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    const reason = code === 'EISDIR' ? `is a directory, not a ${noun} file` : REASONS[code];
    const message = `${path}: ${reason ?? `cannot be read (${code})`}`;
    throw new VxmigError('NOT_FOUND', message, { where: path, hint: 'Check the path.', cause });
  }
  // What was cut may have been cut within a character.
  if (bytes.length > LIMITS.fileBytes) return { text: bytes.toString('latin1'), problem: null };
  return decodeText(bytes, path);
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
  EACCES: 'may not be read by this user',
};
