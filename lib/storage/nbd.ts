import type { StorageKind } from './storage-kind.js';

/** The port that IANA has given to NBD. */
const NBD_PORT = 10809;

/** One server of images, for labs and for clusters without a file server. */
export const NBD: StorageKind = {
  name: 'nbd',
  purpose: 'Images that a server exports (`qemu-nbd --export-name`), one for each disk; they are there already.',
  needs: ['server'],
  knows: ['port'],
  makes: false,
  isOfOneHost: false,
  place: ({ server, port }, { topology, vm, index }) => ({
    kind: 'network',
    protocol: 'nbd',
    server: server ?? '',
    port: port ?? NBD_PORT,
    name: `${topology}-${vm}-${index}`,
  }),
};
