import { LOCAL } from './local.js';
import { NBD } from './nbd.js';
import { NFS } from './nfs.js';
import { SHARED } from './shared.js';
import type { StorageKind } from './storage-kind.js';

/** All there are, in the order of the docs' table. */
export const STORAGE_KINDS: readonly StorageKind[] = [SHARED, LOCAL, NFS, NBD];

/** @throws Error for a name that is not of the registry: whoever reads names from outside refuses it before */
export function storageKindOf(name: string): StorageKind {
  const found = STORAGE_KINDS.find((kind) => kind.name === name);
  if (found === undefined) throw new Error(`no kind of storage ${name}`);
  return found;
}
