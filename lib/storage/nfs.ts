import { fileName, type StorageKind } from './storage-kind.js';

/**
 * A directory that an NFS server exports. QEMU and qemu-img speak with it themselves (libnfs: NFSv3 over TCP), so that
 * no host has to mount anything, nor needs a kernel that could.
 */
export const NFS: StorageKind = {
  name: 'nfs',
  purpose: 'A directory that an NFS server exports; QEMU asks the server itself, and no host mounts it.',
  needs: ['server', 'export'],
  knows: ['path'],
  makes: true,
  isOfOneHost: false,
  isServedInLab: true,
  place: ({ server, export: directory }, volume) => ({
    kind: 'network',
    protocol: 'nfs',
    server: server ?? '',
    port: null,
    name: `${directory}/${fileName(volume)}`,
  }),
};
