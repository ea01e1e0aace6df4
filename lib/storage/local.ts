import { fileName, type StorageKind } from './storage-kind.js';

/** A directory of the host itself, of the same path on each: the image goes along with its VM (block copy). */
export const LOCAL: StorageKind = {
  name: 'local',
  purpose:
    'A directory of each host; the image is copied to the new host while the guest writes, and goes from the old.',
  needs: ['path'],
  knows: [],
  makes: true,
  isOfOneHost: true,
  place: ({ path }, volume) => ({ kind: 'file', path: `${path}/${fileName(volume)}` }),
};
