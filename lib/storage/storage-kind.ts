import type { Storage, Volume } from '../model/storage.js';

/** A key of a storage in the file. */
export type StorageKey = 'path' | 'server' | 'export' | 'port' | 'client' | 'options';

/** A way to keep disks. All that differs between kinds is said here; nobody asks for their names. */
export interface StorageKind {
  /** As in the file. */
  readonly name: string;
  /** A sentence for the docs' table. */
  readonly purpose: string;
  readonly needs: readonly StorageKey[];
  /** What may be written besides. */
  readonly knows: readonly StorageKey[];
  /** Whether vxmig makes images there; else they are there already. */
  readonly makes: boolean;
  /** Each host has its own under that place: a VM that moves takes its image along. */
  readonly isOfOneHost: boolean;
  /** A lab builds the server; else it is there already, or there is none. */
  readonly isServedInLab?: true;
  /** Where an image lies, as libvirt and as qemu-img are told. */
  readonly place: (storage: Storage, volume: Volume) => VolumePlace;
}

/** libvirt.org/formatdomain, "Hard drives, floppy disks, CDROMs". */
export type VolumePlace =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'network';
      readonly protocol: 'nbd' | 'nfs';
      readonly server: string;
      readonly port: number | null;
      readonly name: string;
    };

/** `DIRECTORY/TOPOLOGY-VM-INDEX.qcow2`: flat, for not every way to storage can make directories. */
export function fileName({ topology, vm, index, format }: Volume): string {
  return `${topology}-${vm}-${index}.${format}`;
}
