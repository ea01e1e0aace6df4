import { readFileSync } from 'node:fs';
import type { SeedStep } from '../model/seed.js';
import type { HostShell } from './connection.js';

const WRITE = readFileSync(new URL('../../../lib/host/write-seed.sh', import.meta.url), 'utf8');

/** A UEFI's, which the guest has had on this host. */
function variablesBeside(path: string): string {
  return path.replace(/\.iso$/, '.nvram');
}

/** @throws CommandError */
export async function removeSeeds(shell: HostShell, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  await shell.run(['rm', '-f', '--', ...paths.flatMap((path) => [path, `${path}.digest`, variablesBeside(path)])]);
  // Others' media may be beside them.
  await shell.run(['rmdir', '--', (paths[0] ?? '').replace(/\/[^/]*$/, '')], { accept: [0, 1] });
}

/** @throws CommandError */
export async function writeSeed(shell: HostShell, { path, seed, digest }: SeedStep): Promise<void> {
  const { metaData, userData, networkConfig } = seed;
  await shell.run(['sh', '-s', '--', path, digest, metaData, userData, networkConfig], { stdin: WRITE });
}
