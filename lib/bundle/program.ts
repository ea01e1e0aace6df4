import { execFile } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeBundle } from './bundle.js';

const WARM_UP = fileURLToPath(new URL('./warm-up.js', import.meta.url));
const DIRECTORY = fileURLToPath(new URL('../../bin/', import.meta.url));

/**
 * What `bin/vxmig` runs: the bundle, and V8's code of it for the Node that runs this. Each file is complete at any
 * moment, and code without its bundle is never taken for another's.
 * @param directory beside the compiled lib/ unless said
 */
export async function makeProgram(directory: string = DIRECTORY): Promise<void> {
  const bundle = join(directory, 'vxmig.cjs');
  await mkdir(directory, { recursive: true });
  await rm(`${bundle}.code`, { force: true });
  const { text, licences } = await makeBundle();
  await writeFile(`${bundle}.licences.txt`, licences);
  await writeFile(`${bundle}.new`, text);
  await rename(`${bundle}.new`, bundle);
  // In a process of its own: what has run there is what the code is of.
  await promisify(execFile)(process.execPath, [WARM_UP, bundle]);
}
