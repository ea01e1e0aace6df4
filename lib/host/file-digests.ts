import type { HostShell } from './connection.js';

/** A large image takes as long as the storage takes; nothing else waits for it. */
const TIMEOUT_MS = 3_600_000;

/**
 * SHA-256 of whole files, in their order; null: it is not there, or cannot be read. @throws CommandError, VxmigError
 * SSH_CONNECT
 */
export async function digestsOf(shell: HostShell, paths: readonly string[]): Promise<(string | null)[]> {
  const script = 'for path in "$@"; do sha256sum <"$path" || echo -; done 2>/dev/null';
  const { stdout } = await shell.run(['sh', '-c', script, 'sh', ...paths], { timeoutMs: TIMEOUT_MS });
  const lines = stdout.split('\n');
  return paths.map((_, index) => /^[0-9a-f]{64}/.exec(lines[index] ?? '')?.[0] ?? null);
}
