import { join } from 'node:path';
import type { Topology } from '../model/topology.js';
import { storageKindOf } from '../storage/registry.js';
import { volumesDirectory } from './lab-directory.js';

/** A directory of this machine that a lab's host sees at a path of its own. */
export interface StorageMount {
  readonly source: string;
  readonly path: string;
}

/** One directory for all hosts, as if each had mounted it; or one for each, of what is a host's own. */
export function storageMounts(
  { name: lab, storage }: Pick<Topology, 'name' | 'storage'>,
  host: string,
): StorageMount[] {
  return storage.flatMap(({ name, kind, path }) => {
    if (path === null) return [];
    const directory = join(volumesDirectory(lab), name);
    return [{ source: storageKindOf(kind).isOfOneHost ? join(directory, host) : directory, path }];
  });
}
