import type { Shape } from './vocabulary.js';

/** What may stand where disks and the machines of guests with disks are described. */
export const STORAGE_SHAPES: readonly (readonly [string, Shape])[] = [
  [
    'vms/*/image',
    { noun: 'an image', fix: '`image: micro`, `debian` or a path; for a guest that is there, `domain: NAME`' },
  ],
  ['vms/*/upload', { noun: 'a yes or no', fix: '`upload: true`, or leave it out for an image on the host' }],
  ['vms/*/disks', { noun: 'a list of disks', fix: 'for example `disks: [{size: 2GiB, storage: pool}]`' }],
  ['vms/*/disks/*', { noun: 'a disk', fix: 'for example `{size: 2GiB, storage: pool}`' }],
  ['vms/*/disks/*/size', { noun: 'a size in MiB or GiB', fix: 'for example `size: 2GiB`' }],
  ['vms/*/disks/*/storage', { noun: 'the name of a storage', fix: 'one of those under `storage`' }],
  ['vms/*/disks/*/format', { noun: 'a format', fix: '`qcow2` or `raw`' }],
  ['vms/*/disks/*/bus', { noun: 'a bus', fix: '`virtio`, `scsi` or `sata`' }],
  ['vms/*/disks/*/cache', { noun: 'a cache mode', fix: '`none`, `directsync`, `writeback` or `writethrough`' }],
  ['vms/*/cpu', { noun: 'a CPU model', fix: '`baseline`, or as `virsh cpu-models x86_64` names it: `cpu: qemu64`' }],
  ['vms/*/machine', { noun: 'a machine type', fix: 'as `qemu-system-x86_64 -machine help` names it: `machine: q35`' }],
  ['vms/*/firmware', { noun: 'a firmware', fix: '`bios` or `uefi`' }],
  ['vms/*/sshKeys', { noun: 'a list of public keys', fix: 'for example `sshKeys: [~/.ssh/id_ed25519.pub]`' }],
  ['storage', { noun: 'a map of storages', fix: 'for example `storage: {pool: {kind: shared, path: /srv/vms}}`' }],
  ['storage/*', { noun: 'a storage', fix: 'for example `pool: {kind: shared, path: /srv/vms}`' }],
  ['storage/*/kind', { noun: 'a kind of storage', fix: '`kind: shared`, `local`, `nfs` or `nbd`' }],
  ['storage/*/path', { noun: 'a path', fix: 'from the root: `path: /srv/vms`' }],
  ['storage/*/server', { noun: 'an address or a DNS name', fix: 'for example `server: 192.0.2.9`' }],
  [
    'storage/*/export',
    { noun: 'a directory of the server', fix: 'from its root, of letters and digits: `export: /srv/vms`' },
  ],
  ['storage/*/port', { noun: 'a TCP port', fix: 'a number from 1 to 65535, without quotes' }],
];
