import { fileName, type StorageKind } from './storage-kind.js';

/** A directory that somebody else has mounted on all hosts: NFS, CephFS, GFS2, … */
export const SHARED: StorageKind = {
  name: 'shared',
  purpose: 'A directory that all hosts have mounted already, whatever is behind it.',
  needs: ['path'],
  knows: [],
  makes: true,
  isOfOneHost: false,
  place: ({ path }, volume) => ({ kind: 'file', path: `${path}/${fileName(volume)}` }),
};
