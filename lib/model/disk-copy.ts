import type { DiskFormat } from './storage.js';
import type { VolumeMark } from './volume-sight.js';

/** What `--copy-storage-all` and `--copy-storage-inc` of virsh stand for. */
export type CopyStorage = 'all' | 'inc';

/** As virsh's options have it. */
export function howCopied(base: DiskCopy['base']): CopyStorage {
  return base === null ? 'all' : 'inc';
}

/** A disk that goes along with its VM: its image is copied to the new host while the guest writes. */
export interface DiskCopy {
  /** The guest's name of it, as virsh takes it: `vda`. */
  readonly target: string;
  /** The hypervisor's name of the copy's job, where it tells of it; empty: it has none. */
  readonly job: string;
  /** Of the image, the same on both hosts. */
  readonly path: string;
  readonly format: DiskFormat;
  /** As the guest sees it. */
  readonly sizeBytes: number;
  /** What the destination needs for what there is now. */
  readonly neededBytes: number;
  /** What it lies on, which both hosts have; null: all of it is copied into one image. */
  readonly base: { readonly path: string; readonly format: string } | null;
  /** On the image at the destination until the VM has come. */
  readonly arriving: VolumeMark;
  /** Marks of images that may be there already and are nobody's any more: of copies that were cut off. */
  readonly replaces: readonly VolumeMark[];
  /** Of vxmig's own image; null: of a domain that vxmig has not made, and it stays at the source. */
  readonly own: {
    /** On the one at the source, which goes then. */
    readonly before: VolumeMark;
    /** On the one at the destination then. */
    readonly after: VolumeMark;
  } | null;
}
