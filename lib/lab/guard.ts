import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../bin/vxmig', import.meta.url));

/** Reads nothing but the end of its input, unless it is told that it is not needed any more. */
const WAIT = 'read -r released || exec "$0" "$1" lab down "$2"';

/**
 * Takes a lab down when this process has died before it could: a pipe closes however a process ends. The guard has a
 * session of its own, so that what ends this process does not end it.
 */
export function guardLab(lab: string): { readonly release: () => void } {
  const guard = spawn('sh', ['-c', WAIT, process.execPath, PROGRAM, lab], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a guard the lab stays where nobody is left to remove it; nothing else is lost.
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  return { release: () => guard.stdin.end('released\n') };
}
