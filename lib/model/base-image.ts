import type { DiskFormat } from './storage.js';

/** An image that a disk is to begin with, as somebody sees it who looks for it. */
export type BaseSight =
  | { readonly kind: 'absent' }
  /** It is there, and must not or cannot be taken. */
  | { readonly kind: 'refused'; readonly why: string }
  | {
      readonly kind: 'there';
      readonly format: DiskFormat;
      /** Of the disk, as a guest sees it. */
      readonly sizeBytes: number;
      /** Of the file. */
      readonly fileBytes: number;
    };

/** An image that is sent to a host: where it lies here, and where it comes to lie there. */
export interface UploadStep {
  readonly source: string;
  readonly place: string;
  /** SHA-256 of the file, in hexadecimal digits. */
  readonly digest: string;
  readonly fileBytes: number;
}
