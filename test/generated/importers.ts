import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIB = fileURLToPath(new URL('../../../lib/', import.meta.url));

/** The files of lib/ that import one in that room and do not lie in it themselves, from lib/, sorted. */
export function importersOf(room: string): string[] {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const imports = (file: string) =>
    [...readFileSync(join(LIB, file), 'utf8').matchAll(/\bfrom '(\.[^']*)\.js'/g)].map((found) =>
      normalize(join(dirname(file), found[1] ?? '')),
    );
  return files
    .filter((file) => !file.startsWith(`${room}/`) && imports(file).some((target) => target.startsWith(`${room}/`)))
    .sort();
}
