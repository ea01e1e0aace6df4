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
