import type { DiskFormat } from './storage.js';
import type { VolumeMark } from './volume-sight.js';

/** An image that is to go. */
export interface VolumeRemoval {
  readonly place: string;
  readonly mark: VolumeMark;
}

/** An image to which its VM has come. */
export interface VolumeSettling {
  readonly place: string;
  readonly from: VolumeMark;
  /** Its mark from now on; null: it is no image of vxmig's. */
  readonly to: VolumeMark | null;
}

/** An image that is to be made. */
export interface VolumeStep {
  readonly place: string;
  readonly format: DiskFormat;
  /** null: as large as the base. */
  readonly sizeBytes: number | null;
  /** What it begins with, a path on the host; null: nothing. */
  readonly base: string | null;
  readonly mark: VolumeMark;
}
