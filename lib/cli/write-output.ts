import { writeFile } from 'node:fs/promises';
import { messageOf, VxmigError } from '../model/errors.js';

/** @throws VxmigError USAGE where `--output` cannot be written */
export async function writeOutput(file: string, content: string): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (cause) {
    throw new VxmigError('USAGE', `cannot write ${file}: ${messageOf(cause)}`, {
      where: file,
      hint: 'Give --output a file in a directory that exists and may be written.',
      cause,
    });
  }
}
