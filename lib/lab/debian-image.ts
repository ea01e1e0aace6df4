import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';

const BUILD = fileURLToPath(new URL('../../../lib/guest/debian/build.sh', import.meta.url));
const PROVISION = fileURLToPath(new URL('../../../lib/provision/provision.sh', import.meta.url));
const DIRECTORY = '/var/lib/vxmig/images/debian';
/** build.sh's status where a program has to be installed first. */
const LACKS = 2;

export interface DebianImageRequest {
  /** Builds it anew where it is there already. */
  readonly refresh: boolean;
  /** Where the packages come from; null: from where this machine has its own. */
  readonly mirror: string | null;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface BuiltImage {
  readonly path: string;
  readonly kernel: string;
  readonly fileBytes: number;
}

/**
 * Builds `image: debian` on this machine, or finds that it is there. @throws VxmigError HOST_UNFIT where something has
 * to be installed first, COMMAND_FAILED, and the signal's reason
 */
export async function buildDebianImage({ refresh, mirror, tell, signal }: DebianImageRequest): Promise<BuiltImage> {
  signal.throwIfAborted();
  const args = [...(refresh ? ['--refresh'] : []), ...(mirror === null ? [] : ['--mirror', mirror])];
  // In a group of its own, so that all that it has started ends with it.
  const child = spawn('bash', [BUILD, ...args], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
  };
  signal.addEventListener('abort', stop);
  let said = '';
  createInterface({ input: child.stdout }).on('line', (line) => tell(line));
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-8192);
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (status !== 0) throw failure(status, said.trim());
  const path = `${DIRECTORY}/disk.qcow2`;
  const stamp = await readFile(`${DIRECTORY}/stamp`, 'utf8');
  const { size } = await stat(path);
  return { path, kernel: /^kernel (.*)$/m.exec(stamp)?.[1] ?? '', fileBytes: size };
}

function failure(status: number | null, said: string): VxmigError {
  const message = said.split('\n').at(-1) || `building the image ended with ${status ?? 'a signal'}`;
  if (status === LACKS) {
    const hint = `\`${shellLine([PROVISION, 'lab'])}\` installs what it needs (Debian 12 and 13, Ubuntu 24.04).`;
    return new VxmigError('HOST_UNFIT', message, { hint });
  }
  return new VxmigError('COMMAND_FAILED', message, {
    hint: `What was there before is as it was. \`${shellLine([BUILD])}\` by hand says the same.`,
  });
}
