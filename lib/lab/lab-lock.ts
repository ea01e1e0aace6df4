import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { VxmigError } from '../model/errors.js';

const RETRY_MS = 50;

export interface Lock {
  release(): Promise<void>;
}

/**
 * Only one `up` or `down` of a lab at a time.
 *
 * The lock is an abstract unix socket (unix(7)): the kernel frees it when its owner dies, however that happens, and
 * it leaves no file behind.
 * @throws VxmigError LOCKED
 */
export async function lockLab(lab: string): Promise<Lock> {
  const lock = await tryLock(`lab-${lab}`);
  if (lock !== null) return lock;
  throw new VxmigError('LOCKED', `Another \`vxmig lab up\` or \`down\` of "${lab}" is running.`, {
    hint: 'Wait until it has ended, or interrupt it.',
    where: lab,
  });
}

/**
 * For choices that labs of different names must not make at the same time; held for milliseconds, so it is waited for.
 */
export async function withMachineLock<Result>(work: () => Promise<Result>, waitMs = 10_000): Promise<Result> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const lock = await tryLock('machine');
    if (lock !== null) {
      try {
        return await work();
      } finally {
        await lock.release();
      }
    }
    if (Date.now() > deadline) throw new VxmigError('LOCKED', 'Another vxmig has been choosing subnets for too long.');
    await sleep(RETRY_MS);
  }
}

function tryLock(name: string): Promise<Lock | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen(`\0vxmig/${name}`, () => {
      server.unref();
      resolve({ release: () => closed(server) });
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
