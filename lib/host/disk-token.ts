import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { FileSight, TokenSight } from '../model/disk.js';
import type { Conversation, HostShell } from './connection.js';

/** In a shell: runs a command as the owner of a file, `ids` being UID:GID. */
const AS_OWNER = `as_owner() { setpriv --reuid="\${ids%:*}" --regid="\${ids#*:}" --clear-groups "$@"; }`;

/**
 * A file of a name that nobody knows beforehand, in each directory; it holds what nobody can guess, and nothing secret.
 * Where root may not write there (NFS's root_squash), the image's owner does. They go when this shell's input ends,
 * however that comes about.
 */
const WRITE = `
${AS_OWNER}
name=$1 content=$2; shift 2
umask 022
remove() {
  n=0
  for entry; do
    n=$((n + 1)) directory=\${entry#* } ids=\${entry%% *}
    rm -f -- "$directory/$name.$n" 2>/dev/null || as_owner rm -f -- "$directory/$name.$n"
  done
}
trap 'remove "$@"' EXIT
trap 'exit 1' HUP INT TERM PIPE
n=0
for entry; do
  n=$((n + 1)) directory=\${entry#* } ids=\${entry%% *}
  put='set -C; printf "%s\\n" "$1" >"$2"'
  if sh -c "$put" sh "$content" "$directory/$name.$n" || as_owner sh -c "$put" sh "$content" "$directory/$name.$n"
  then echo written; else echo unwritten; fi
done 2>/dev/null
echo ready
while read -r _; do :; done
`;

const READ = `
${AS_OWNER}
name=$1 n=0; shift
for entry; do
  n=$((n + 1)) directory=\${entry#* } ids=\${entry%% *}
  echo '=== token'
  head -c 200 -- "$directory/$name.$n" || as_owner head -c 200 -- "$directory/$name.$n"
done 2>/dev/null
echo '=== token'
`;

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
  return `${uid}:${gid} ${path.slice(0, path.lastIndexOf('/')) || '/'}`;
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
