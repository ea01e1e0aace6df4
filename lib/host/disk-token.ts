import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import type { FileSight, TokenSight } from '../model/disk.js';
import type { Conversation, HostShell } from './connection.js';

const WRITE = readFileSync(new URL('../../../lib/host/write-tokens.sh', import.meta.url), 'utf8');
const READ = readFileSync(new URL('../../../lib/host/read-tokens.sh', import.meta.url), 'utf8');

const READY_TIMEOUT_MS = 20_000;

export interface TokenPair {
  readonly source: FileSight;
  readonly destination: FileSight;
}

/**
 * Writes something beside each of the files on the source, and looks for it beside the same file on the destination.
 * Nothing of it is left on either, whatever goes wrong.
 */
export async function exchangeTokens(
  source: HostShell,
  destination: HostShell,
  pairs: readonly TokenPair[],
): Promise<readonly TokenSight[]> {
  if (pairs.length === 0) return [];
  const name = `.vxmig-${randomBytes(16).toString('hex')}`;
  const content = randomBytes(32).toString('hex');
  const here = pairs.map((pair) => entryOf(pair.source));
  const there = pairs.map((pair) => entryOf(pair.destination));
  const writer = await source.converse(['sh', '-c', WRITE, 'sh', name, content, ...here]);
  try {
    const written = await saidBy(writer);
    const { stdout } = await destination.run(['sh', '-s', '--', name, ...there], { stdin: READ });
    const [, ...read] = stdout.split('=== token\n');
    return pairs.map((_, index) => {
      if (written[index] !== 'written') return 'unwritten';
      return read[index]?.trim() === content ? 'seen' : 'unseen';
    });
  } finally {
    await writer.end();
  }
}

function entryOf({ path, uid, gid }: FileSight): string {
  return `${uid}:${gid} ${dirname(path)}`;
}

/** What it says until it is ready; less where it ends before, or does not get there in time. */
async function saidBy(writer: Conversation): Promise<string[]> {
  let said = '';
  writer.on('text', (text) => {
    said += text;
  });
  const late = AbortSignal.timeout(READY_TIMEOUT_MS);
  while (!said.includes('ready\n') && !late.aborted) {
    const more = once(writer, 'text', { signal: late }).then(
      () => false,
      () => true,
    );
    if (await Promise.race([more, writer.ended.then(() => true)])) break;
  }
  return said.split('\n');
}
