import { createReadStream, readFileSync } from 'node:fs';
import type { UploadStep } from '../model/base-image.js';
import { CommandError, VxmigError } from '../model/errors.js';
import type { Emit } from '../model/event.js';
import { formatBytes } from '../model/quantities.js';
import type { HostShell } from './connection.js';

const RECEIVE = readFileSync(new URL('../../../lib/host/receive-image.sh', import.meta.url), 'utf8');
/** However slow the way is: one that has broken ends it before, and so does an interrupt. */
const SEND_TIMEOUT_MS = 24 * 3_600_000;
const TELL_MS = 5_000;

/**
 * Sends an image to a host, never more of it in memory than is on its way. It is there whole afterwards, or not at all.
 * @throws VxmigError APPLY_FAILED, SSH_CONNECT; CommandError where it was killed
 */
export async function sendImage(
  shell: HostShell,
  { source, place, digest, fileBytes }: UploadStep,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<void> {
  const what = `${shell.name}: ${source} is sent there`;
  const input = () => {
    const file = createReadStream(source, { highWaterMark: 2 ** 18, signal });
    let told = performance.now();
    return file.on('data', () => {
      if (performance.now() - told < TELL_MS) return;
      told = performance.now();
      emit({ kind: 'note', text: `${what}: ${Math.floor((file.bytesRead / fileBytes) * 100)} %` });
    });
  };
  emit({ kind: 'note', text: `${what} (${formatBytes(fileBytes)})` });
  const argv = ['sh', '-c', RECEIVE, 'sh', place, digest, String(fileBytes)];
  try {
    await shell.run(argv, { input, timeoutMs: SEND_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== 1) throw error;
    throw new VxmigError('APPLY_FAILED', `${source} could not be sent to ${shell.name}: ${error.stderr.trim()}`, {
      where: `${shell.name} ${place}`,
      hint: `Nothing of it is left there. Fix what the message says on ${shell.name}, and apply again.`,
      cause: error,
    });
  }
}
