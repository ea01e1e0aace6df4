import { join } from 'node:path';
import type { Topology } from '../model/topology.js';
import { storageKindOf } from '../storage/registry.js';
import { volumesDirectory } from './lab-directory.js';

/** A directory of this machine that a lab's host sees at a path of its own. */
export interface StorageMount {
  readonly source: string;
  readonly path: string;
}

/** One directory for all hosts, as if each had mounted it. */
export function storageMounts({ name: lab, storage }: Pick<Topology, 'name' | 'storage'>): StorageMount[] {
  return storage.flatMap(({ name, kind, path }) =>
    path === null || storageKindOf(kind).isServedInLab ? [] : [{ source: join(volumesDirectory(lab), name), path }],
  );
}
