import { readFileSync } from 'node:fs';
import type { Command } from '../model/command.js';
import type { SeedStep } from '../model/seed.js';
import type { HostShell } from './connection.js';

const WRITE = readFileSync(new URL('../../../lib/host/write-seed.sh', import.meta.url), 'utf8');

/** A UEFI's, which the guest has had on this host. */
function variablesBeside(path: string): string {
  return path.replace(/\.iso$/, '.nvram');
}

export function removeSeedsCommand(paths: readonly string[]): Command {
  return { argv: ['rm', '-f', '--', ...paths.flatMap((path) => [path, `${path}.digest`, variablesBeside(path)])] };
}

/** @throws CommandError */
export async function removeSeeds(shell: HostShell, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  await shell.run(removeSeedsCommand(paths).argv);
  // Others' media may be beside them.
  await shell.run(['rmdir', '--', (paths[0] ?? '').replace(/\/[^/]*$/, '')], { accept: [0, 1] });
}

export function writeSeedCommand({ path, seed, digest }: SeedStep): Required<Command> {
  const { metaData, userData, networkConfig } = seed;
  return { argv: ['sh', '-s', '--', path, digest, metaData, userData, networkConfig], stdin: WRITE };
}

/** @throws CommandError */
export async function writeSeed(shell: HostShell, step: SeedStep): Promise<void> {
  const { argv, stdin } = writeSeedCommand(step);
  await shell.run(argv, { stdin });
}
