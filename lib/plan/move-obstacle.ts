import type { DiskPart } from '../model/disk.js';
import { shellWord } from '../model/quote.js';

/** A move that is looked at before it is made. */
export interface Move {
  readonly vm: string;
  /** libvirt's name of it as a word of a shell, for commands that can be pasted. */
  readonly shellDomain: string;
  readonly from: string;
  readonly to: string;
}

/** Why a VM cannot move as it stands. */
export interface Obstacle {
  readonly code: 'DISK_NOT_SHARED' | 'HOST_UNFIT';
  readonly why: string;
  readonly fix: string;
}

export function unfit(why: string, fix: string): Obstacle {
  return { code: 'HOST_UNFIT', why, fix };
}

/** @param what goes on from the disk's name: `is another file on …` */
export function notShared(move: Move, part: DiskPart, what: string): Obstacle {
  return {
    // A kernel or an initrd is no disk, and no data is lost with it.
    code: part.use === 'boot' ? 'HOST_UNFIT' : 'DISK_NOT_SHARED',
    why: `${part.name} of ${move.vm}${placeText(part)} ${what}`,
    fix: fixOf(move, part),
  };
}

function placeText({ place }: DiskPart): string {
  if (place.kind === 'path') return ` (${place.path})`;
  if (place.kind === 'volume') return ` (volume ${place.volume} of the pool ${place.pool})`;
  return place.kind === 'server' ? ` (${place.protocol}: ${place.export || 'its default export'})` : '';
}

function fixOf({ shellDomain, from, to }: Move, { use, removable, target, place }: DiskPart): string {
  if (place.kind === 'server') {
    return (
      `Give the disk a server that ${from} and ${to} reach under one address, and start the server if it is ` +
      `down; \`virsh edit ${shellDomain}\` on ${from} says which one it is.`
    );
  }
  if (removable && use === 'read') {
    return (
      `Copy it to ${to}, under the same path; or take it out of the drive: \`virsh change-media ${shellDomain} ` +
      `${shellWord(target)} --eject --live --config\` on ${from}.`
    );
  }
  if (use !== 'written') return `Copy it to ${to}, under the same path, as it is on ${from}.`;
  return (
    "Keep the disk on storage that both hosts see under that path (NFS, Ceph, iSCSI, NBD). A running VM's " +
    'goes there by ' +
    `\`virsh blockcopy ${shellDomain} ${shellWord(target)} --path /SHARED/DISK --transient-job --wait ` +
    `--pivot\` on ${from}. Or have it copied along: \`--copy-storage all\` of \`vxmig migrate\`, or \`migration: ` +
    '{copyStorage: all}` of the VM in the file.'
  );
}
