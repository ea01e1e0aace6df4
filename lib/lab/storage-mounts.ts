import { join } from 'node:path';
import type { Topology } from '../model/topology.js';
import { storageKindOf } from '../storage/registry.js';
import { volumesDirectory } from './lab-directory.js';

/** A directory of this machine that a lab's host sees at a path of its own. */
export interface StorageMount {
  readonly source: string;
  readonly path: string;
}

/** What has been sent to a host is too much for its memory, in which its root is. No storage is called so. */
const SENT = { directory: '.sent', path: '/var/lib/vxmig/images/uploads' };

/** Images that a host has been sent; none in a lab whose guests have no disks. */
export function sentMount({ name: lab, storage }: Pick<Topology, 'name' | 'storage'>, host: string): StorageMount[] {
  if (storage.length === 0) return [];
  return [{ source: join(volumesDirectory(lab), SENT.directory, host), path: SENT.path }];
}

/** One directory for all hosts, as if each had mounted it; or one for each, of what is a host's own. */
export function storageMounts(
  { name: lab, storage }: Pick<Topology, 'name' | 'storage'>,
  host: string,
): StorageMount[] {
  return storage.flatMap(({ name, kind, path }) => {
    if (path === null || storageKindOf(kind).isServedInLab) return [];
    const directory = join(volumesDirectory(lab), name);
    return [{ source: storageKindOf(kind).isOfOneHost ? join(directory, host) : directory, path }];
  });
}
