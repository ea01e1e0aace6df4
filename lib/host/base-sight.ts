import { readFileSync } from 'node:fs';
import type { BaseSight } from '../model/base-image.js';
import type { HostShell } from './connection.js';
import { IMAGE_FORMAT } from './image-format.js';

const SIGHT = readFileSync(new URL('../../../lib/host/base-sight.sh', import.meta.url), 'utf8');
/** What says of each path that it is given what image is there, wherever it runs. */
export const BASE_SIGHT = `${IMAGE_FORMAT}\n${SIGHT}`;

/** In the paths' order. Only reads. @throws CommandError, VxmigError SSH_CONNECT */
export async function observeBases(shell: HostShell, paths: readonly string[]): Promise<BaseSight[]> {
  if (paths.length === 0) return [];
  const { stdout } = await shell.run(['sh', '-s', '--', ...paths], { stdin: BASE_SIGHT });
  return baseSights(paths, stdout);
}

/** Of what {@link BASE_SIGHT} has printed. */
export function baseSights(paths: readonly string[], printed: string): BaseSight[] {
  const [, ...answers] = printed.split(/^=== (?:base|end)\n/m);
  return paths.map((_, index) => baseSight(answers[index] ?? ''));
}

function baseSight(answer: string): BaseSight {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(answer)?.[1] ?? null;
  if (value('absent') !== null) return { kind: 'absent' };
  const [format, sizeBytes, fileBytes] = [value('format'), Number(value('size')), Number(value('bytes'))];
  if ((format === 'raw' || format === 'qcow2') && sizeBytes > 0 && fileBytes > 0)
    return { kind: 'there', format, sizeBytes, fileBytes };
  return { kind: 'refused', why: value('refused') ?? 'it cannot be looked at' };
}
