import type { DiskFormat } from './storage.js';

/** What one host sees of a place for an image. */
export interface VolumeSight {
  /** As qemu-img takes it: a path or a URI. */
  readonly place: string;
  readonly image: ImageSight;
  /** Who has made it, as the file beside it says; null: nobody says so. */
  readonly mark: VolumeMark | null;
  /** Room in bytes where it is, or is to be; null: not known. */
  readonly freeBytes: number | null;
}

export type ImageSight =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'there';
      readonly format: DiskFormat | string;
      /** As the guest sees it. */
      readonly sizeBytes: number;
      /** What it takes where it lies; what is below it not counted. */
      readonly allocatedBytes: number;
      /** What lies below it; null: nothing does. */
      readonly backing: { readonly path: string; readonly format: string | null } | null;
      /** Its data lie in another file. */
      readonly hasDataFile: boolean;
    }
  /** What it lies on is not mounted yet. */
  | { readonly kind: 'unmounted' }
  /** An attempt to make it did not come to its end, or has not yet. */
  | { readonly kind: 'half-made' }
  /** The host's QEMU cannot speak with its server: it has no driver of that name. */
  | { readonly kind: 'undriven'; readonly driver: string }
  /** It is there, or should be, and cannot be read. */
  | { readonly kind: 'silent'; readonly why: string };

/** Beside an image that vxmig has made. */
export interface VolumeMark {
  readonly topology: string;
  readonly vm: string;
  readonly index: number;
  /** Of one that is being copied to where it is: the host that it comes from, whose image is the VM's until then. */
  readonly from?: string;
}

/** Whether a mark is that of a disk, on its way or not. */
export function isOf(mark: VolumeMark | null, disk: Omit<VolumeMark, 'from'>): mark is VolumeMark {
  return mark !== null && mark.topology === disk.topology && mark.vm === disk.vm && mark.index === disk.index;
}

/** For people. */
export function markWords({ topology, vm, index, from }: VolumeMark): string {
  return `disk ${index + 1} of ${vm} of ${topology}${from === undefined ? '' : `, on its way from ${from}`}`;
}

/** Of the image of a disk, among what a host has; null: there is none. */
export function markAt(
  volumes: readonly VolumeSight[],
  place: string,
  disk: Omit<VolumeMark, 'from'>,
): VolumeMark | null {
  const found = volumes.find((one) => one.place === place);
  return found !== undefined && found.image.kind !== 'absent' && isOf(found.mark, disk) ? found.mark : null;
}

export function markText(mark: VolumeMark): string {
  return `${JSON.stringify(mark)}\n`;
}

/** null for what is none. */
export function readMark(text: string): VolumeMark | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { topology, vm, index, from } = (value ?? {}) as Partial<Record<keyof VolumeMark, unknown>>;
  if (typeof topology !== 'string' || typeof vm !== 'string' || !Number.isInteger(index)) return null;
  return { topology, vm, index: index as number, ...(typeof from === 'string' ? { from } : {}) };
}
