/** A place for disks, as the file has it. */
export interface Storage {
  readonly name: string;
  /** One of the registry's. */
  readonly kind: string;
  /** The directory on the hosts; null where the kind has none. */
  readonly path: string | null;
  readonly server: string | null;
  /** The directory on the server. */
  readonly export: string | null;
  readonly port: number | null;
  /** Who asks an NFS server: QEMU itself, or the host's kernel, which has mounted the export at `path`. */
  readonly client: 'qemu' | 'kernel';
  /** Of that mount, as nfs(5) has them. */
  readonly options: string;
}

export type DiskFormat = 'qcow2' | 'raw';

/** A disk of a VM, as the file has it. */
export interface Disk {
  /** Name of the storage. */
  readonly storage: string;
  /** null: as large as the image that it begins with. */
  readonly sizeBytes: number | null;
  readonly format: DiskFormat;
  readonly bus: 'virtio' | 'scsi' | 'sata';
  readonly cache: 'none' | 'directsync' | 'writeback' | 'writethrough';
}

/** One image in a storage: a disk of a VM of a topology. */
export interface Volume {
  readonly topology: string;
  readonly vm: string;
  /** From 0, as the guest sees its disks. */
  readonly index: number;
  readonly format: DiskFormat;
}

/** Of a place as qemu-img takes it: a URI; it is no file of any host. */
export function isOnServer(place: string): boolean {
  return !place.startsWith('/');
}
