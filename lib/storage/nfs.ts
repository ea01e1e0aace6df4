import { fileName, type StorageKind } from './storage-kind.js';

/**
 * A directory that an NFS server exports. QEMU and qemu-img speak with it themselves (libnfs: NFSv3 over TCP), so that
 * no host has to mount anything, nor needs a kernel that could; or all hosts mount it. Which of both is said in the
 * file and not found out: a VM's definition must be the same on every host, and stay so.
 */
export const NFS: StorageKind = {
  name: 'nfs',
  purpose: 'A directory that an NFS server exports; QEMU asks the server itself, or every host mounts it.',
  needs: ['server', 'export'],
  knows: ['path', 'client', 'options'],
  makes: true,
  isOfOneHost: false,
  isServedInLab: true,
  place: ({ server, export: directory, client, path }, volume) =>
    client === 'kernel'
      ? { kind: 'file', path: `${path}/${fileName(volume)}` }
      : {
          kind: 'network',
          protocol: 'nfs',
          server: server ?? '',
          port: null,
          name: `${directory}/${fileName(volume)}`,
        },
};

/** As mount(8) takes an export, and the kernel shows it (nfs(5)). */
export function exportSource(server: string, directory: string): string {
  return `${server.includes(':') ? `[${server}]` : server}:${directory}`;
}
