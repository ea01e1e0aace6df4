import { readFileSync } from 'node:fs';

/** Functions of a shell, to be put in front of a script. */
export const NFS_LOOK = readFileSync(new URL('../../../lib/host/nfs-look.sh', import.meta.url), 'utf8');
