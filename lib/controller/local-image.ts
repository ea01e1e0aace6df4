import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { BASE_SIGHT, baseSights } from '../host/base-sight.js';
import type { LocalImage } from '../plan/base-plan.js';

/** Of files that have been read, so long as they stay as they are: a plan is made more than once. */
const digests = new Map<string, Promise<string>>();

/** An image on this machine: judged by the same script as one on a host, and read where it may be taken. */
export async function observeLocalImage(path: string): Promise<LocalImage> {
  const { stdout } = await execa('sh', ['-s', '--', path], { input: BASE_SIGHT });
  const [sight = { kind: 'absent' as const }] = baseSights([path], stdout);
  return { path, sight, digest: sight.kind === 'there' ? await digestOf(path) : '' };
}

async function digestOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const key = [path, dev, ino, size, mtimeNs, ctimeNs].join(' ');
  const digest = digests.get(key) ?? read(path);
  digests.set(key, digest);
  return await digest;
}

async function read(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest('hex');
}
