import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The licences of the packages whose code is in the bundle, which most of them want to go with it.
 * @param inputs the bundled files, relative to `root`
 * @throws where a package has no licence file and names none either
 */
export async function licencesOf(inputs: readonly string[], root: string): Promise<string> {
  const packages = new Set(
    inputs.flatMap((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
  );
  const texts = await Promise.all([...packages].sort().map((directory) => licenceOf(join(root, directory))));
  return `vxmig.cjs has code of these packages in it.\n${texts.join('')}`;
}

async function licenceOf(directory: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const file = (await readdir(directory)).find((candidate) => /^licen[cs]e(\.|-|$)/i.test(candidate));
  if (file === undefined && license === undefined) throw new Error(`${name} does not say under which licence it is`);
  const text = file === undefined ? `License: ${license}` : (await readFile(join(directory, file), 'utf8')).trim();
  return `\n=== ${name} ${version}\n\n${text}\n`;
}
