import type { DiskCopy } from './disk-copy.js';

/** Something that a domain's QEMU opens: a disk, what it lies on, what the guest boots from. */
export interface DiskPart {
  /** For people: `vda`, `vda's backing file`. */
  readonly name: string;
  /** The guest's name of the disk, as virsh takes it; empty for what is no disk. */
  readonly target: string;
  /** `boot`: read once, at the start, and kept in the guest's memory since. */
  readonly use: 'written' | 'read' | 'boot';
  /** A drive whose medium can be taken out. */
  readonly removable: boolean;
  /** As the definition has it; `default` where it says nothing. */
  readonly cache: string;
  readonly place: DiskPlace;
}

export type DiskPlace =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'volume'; readonly pool: string; readonly volume: string }
  | { readonly kind: 'server'; readonly protocol: string; readonly export: string; readonly servers: readonly Server[] }
  /** Of a kind that vxmig cannot look at, in libvirt's word. */
  | { readonly kind: 'other'; readonly type: string };

export interface Server {
  /** A name or an address. */
  readonly name: string;
  readonly port: number;
  /** A socket of the host itself; then there is neither name nor port. */
  readonly socket: string | null;
}

/** What one host sees of a domain's parts, in their order. */
export interface DiskSight {
  readonly host: string;
  /**
   * The same for hosts that share a kernel, and with it a page cache: those of a lab; empty where it cannot be read.
   */
  readonly bootId: string;
  /** The host's own. */
  readonly addresses: readonly string[];
  readonly parts: readonly PartSight[];
}

export type PartSight =
  | { readonly kind: 'missing'; readonly path: string; readonly why: string }
  | FileSight
  | { readonly kind: 'server'; readonly servers: readonly ServerSight[] }
  | { readonly kind: 'unknown' };

/** So much of what is only read is compared, from its beginning and from its end: all of a file of up to twice that. */
export const DIGEST_BYTES = 32 * 2 ** 20;

export interface FileSight {
  readonly kind: 'file';
  /** Without symbolic links. */
  readonly path: string;
  readonly type: 'file' | 'block' | 'other';
  /** As stat(1) prints them: `st_dev`, `st_ino`. */
  readonly device: string;
  readonly inode: string;
  /** Of its directory: another one than the file's own where the file itself is a mount point. */
  readonly directoryDevice: string;
  readonly sizeBytes: number;
  /** Its owner, as numbers. */
  readonly uid: string;
  readonly gid: string;
  /** When it was made, in seconds; `0` where the file system does not tell. */
  readonly born: string;
  /** `nfs4`, `ext4`, …, and what is mounted. */
  readonly fileSystem: string;
  readonly mounted: string;
  /** Of a block device: the WWNs of the disks below it, and which part of them it is; empty where one has no WWN. */
  readonly identity: string;
  /** Of what is only read: size, beginning and end in one figure; empty where nobody asked. */
  readonly digest: string;
}

export interface ServerSight {
  /** What its name means on that host, sorted. */
  readonly addresses: readonly string[];
  /** Empty: it answers; else why not. */
  readonly silence: string;
}

/** Whether what one host had written beside a file could be read by the other. */
export type TokenSight = 'seen' | 'unseen' | 'unwritten';

/**
 * That a domain's storage is one and the same at both ends of a migration, or goes along, and that its cache mode
 * allows the change of hosts. Only a look at both makes one (plan/disk-verdict.ts).
 */
export interface StorageProof {
  readonly disks: readonly ProvenDisk[];
  /** Those that only the source has, and that go along. */
  readonly copies: readonly DiskCopy[];
}

export interface ProvenDisk {
  readonly name: string;
  readonly by: 'token' | 'mount' | 'kernel' | 'device' | 'server' | 'content';
  /** libvirt goes by the kind of file system alone, and takes this one for a host's own. */
  readonly hiddenFromLibvirt: boolean;
}

/** Nothing that is opened, nothing to prove. */
export const WITHOUT_DISKS: StorageProof = { disks: [], copies: [] };
