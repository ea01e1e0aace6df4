import t from 'tap';
import { DriverError } from '../../../lib/compute/driver-error.js';
import { outcomeOf } from '../../../lib/migration/outcome.js';
import { namingStorage } from '../../../lib/migration/silent-storage.js';
import { VxmigError } from '../../../lib/model/errors.js';
import type { Disk, Storage } from '../../../lib/model/storage.js';

const storage = (name: string, server: string | null): Storage => ({
  ...{ name, server, kind: 'nfs', path: null, export: '/srv', port: null, client: 'qemu', options: '' },
});
const disk = (name: string): Disk => ({
  ...{ storage: name, sizeBytes: null, format: 'raw', bus: 'virtio', cache: 'none' },
});
const topology = { storage: [storage('pool', '198.18.9.10'), storage('idle', '198.18.9.11'), storage('own', null)] };

function said(kind: DriverError['kind'], ...disks: string[]) {
  const error = new DriverError(kind, new VxmigError('COMMAND_FAILED', 'no answer', { hint: 'Is the storage there?' }));
  const ended = outcomeOf({ failure: { error, place: 'unknown', notUndone: [] }, late: [] });
  return namingStorage({ topology, vm: { disks: disks.map(disk) } }, { ...ended, stages: [] }).error;
}

t.test('a silence in the middle of a move: the server of the disks is named, with what may help', async (t) => {
  t.match(said('silent', 'pool', 'own'), {
    code: 'MIGRATION_FAILED',
    message: /no answer; .*; its disks are in the storage pool \(198\.18\.9\.10\): does that answer/,
    hint: /^Is the storage there\? Nothing more was touched/,
  });
});

t.test('another failure, and disks that no server has, are no reason to', async (t) => {
  t.notMatch(said('refused', 'pool')?.message, /its disks/);
  t.notMatch(said('silent', 'own')?.message, /its disks/);
  t.notMatch(said('silent')?.message, /its disks/);
});
