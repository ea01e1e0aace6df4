import { readFileSync } from 'node:fs';

/** For shells: `drop_waiting DEVICE…`. */
export const DROP_WAITING = readFileSync(new URL('../../../lib/host/tap-queue.sh', import.meta.url), 'utf8');
