import {
  DIGEST_BYTES,
  type DiskPart,
  type DiskSight,
  type FileSight,
  type PartSight,
  type ProvenDisk,
  type ServerSight,
  type TokenSight,
} from '../model/disk.js';
import { type Move, notShared, type Obstacle, unfit } from './move-obstacle.js';

export interface SeenByBoth {
  readonly parts: readonly DiskPart[];
  readonly source: DiskSight;
  readonly destination: DiskSight;
  /** In the parts' order; null: no token was tried for it. */
  readonly tokens: readonly (TokenSight | null)[];
  /** As {@link dropsCache} of the new host's QEMU. */
  readonly dropsCache: boolean;
}

/** With these QEMU goes past the page cache of its host, so that nothing of the disk is left in it. */
const UNCACHED = ['none', 'directsync'];
/** Their hosts tell each other what they have in their page caches. */
const COHERENT = ['gfs2', 'ocfs2', 'ceph', 'gpfs', 'lustre'];
/** What libvirt takes for shared (virfile.c, virFileIsSharedFSType), as findmnt calls it. */
const KNOWN_TO_LIBVIRT = ['nfs', 'nfs4', 'gfs2', 'ocfs2', 'cifs', 'smb3', 'ceph', 'gpfs'];
/** Of these the name of what is mounted says which server has it. */
const OF_A_SERVER = ['nfs', 'nfs4', 'cifs', 'smb3', 'ceph', 'fuse.glusterfs', 'fuse.cephfs'];

/**
 * Whether a QEMU that takes a guest over reads its files anew (qemu-block-drivers(7), `drop-cache`, on since 4.0); what
 * the old one has written it flushes before it gives the guest away.
 */
export function dropsCache(qemuVersion: string): boolean {
  return Number(qemuVersion.split('.')[0]) >= 4;
}

/**
 * Whether both hosts see the same storage, and may take turns with it: a pure judgement of what was seen, in the parts'
 * order.
 */
export function judgeDisks(move: Move, seen: SeenByBoth): (ProvenDisk | Obstacle)[] {
  return seen.parts.map((part, index) => judgePart(move, seen, part, index));
}

function judgePart(move: Move, seen: SeenByBoth, part: DiskPart, index: number): ProvenDisk | Obstacle {
  const here = seen.source.parts[index];
  const there = seen.destination.parts[index];
  const { place } = part;
  if (place.kind === 'other' || here === undefined || there === undefined) {
    const what = place.kind === 'other' ? `is of the type ${place.type}` : 'was not looked at';
    return notShared(move, part, `${what}: nothing tells whether both hosts have the same`);
  }
  if (here.kind === 'missing') return notShared(move, part, `is not seen on ${move.from}: ${here.why}`);
  if (there.kind === 'missing') return notShared(move, part, `is not there on ${move.to}: ${there.why}`);
  if (here.kind === 'server' && there.kind === 'server') return judgeServers(move, seen, part, here, there);
  if (here.kind !== 'file' || there.kind !== 'file') {
    return notShared(move, part, 'could not be looked at on both hosts');
  }
  if (part.use === 'boot') return judgeBoot(move, part, here, there);
  if (part.use === 'read' && hasSameContent(part, here, there)) {
    return { name: part.name, by: 'content', hiddenFromLibvirt: false };
  }
  const one = sameThing(seen, here, there, seen.tokens[index] ?? null);
  if (part.use === 'read') {
    return one.by === null
      ? notShared(move, part, here.digest === there.digest ? one.why(move) : otherContent(move))
      : { name: part.name, by: one.by, hiddenFromLibvirt: false };
  }
  if (one.by === null) return notShared(move, part, one.why(move));
  return (
    judgeCache(move, part, { by: one.by, sights: [here, there], dropsCache: seen.dropsCache }) ?? {
      name: part.name,
      by: one.by,
      hiddenFromLibvirt: here.type === 'file' && !KNOWN_TO_LIBVIRT.includes(here.fileSystem),
    }
  );
}

function otherContent({ from, to }: Move): string {
  return `has another content on ${to} than on ${from}`;
}

/** Of a large image that a disk lies on the ends prove nothing; a medium that has them is the same edition of it. */
function hasSameContent({ removable }: DiskPart, here: FileSight, there: FileSight): boolean {
  const isWhole = here.sizeBytes <= 2 * DIGEST_BYTES;
  return here.digest !== '' && here.digest === there.digest && (isWhole || removable);
}

type Sameness =
  | { readonly by: Exclude<ProvenDisk['by'], 'server' | 'content'> }
  | { readonly by: null; readonly why: (move: Move) => string };

function different(why: (move: Move) => string): Sameness {
  return { by: null, why };
}

/** Not by its path, nor by its size: a blank file of the same name has both. */
function sameThing(seen: SeenByBoth, here: FileSight, there: FileSight, token: TokenSight | null): Sameness {
  if (here.type !== there.type)
    return different(({ from, to }) => `is a ${here.type} on ${from} and a ${there.type} on ${to}`);
  if (here.type === 'block') return sameDevice(here, there);
  if (here.type === 'other') return different(() => 'is neither a file nor a block device');
  const oneInode = here.inode === there.inode;
  if (token === 'unseen') {
    return different(
      ({ from, to }) => `is another file on ${to} than on ${from}: what ${from} writes beside it, ${to} does not see`,
    );
  }
  if (!oneInode) return different(({ from, to }) => `is another file on ${to} than on ${from} (their inodes differ)`);
  if (here.device !== here.directoryDevice || there.device !== there.directoryDevice) {
    return different(() => 'is a mount point by itself: nothing tells whether both hosts have mounted the same');
  }
  // Machines that were resumed from one snapshot have one boot id, too: the token alone tells them from one machine.
  if (token === 'seen') return { by: hasOneKernel(seen) && here.device === there.device ? 'kernel' : 'token' };
  const oneMount =
    OF_A_SERVER.includes(here.fileSystem) &&
    here.fileSystem === there.fileSystem &&
    here.mounted === there.mounted &&
    !isLoopback(serverOfMount(here.mounted)) &&
    here.born === there.born;
  return oneMount
    ? { by: 'mount' }
    : different(
        ({ from, to }) =>
          `may be another file on ${to} than on ${from}: neither root nor its owner can write beside it on ` +
          `${from}, which would tell`,
      );
}

function sameDevice(here: FileSight, there: FileSight): Sameness {
  if (here.identity === '' || there.identity === '') {
    // The UUIDs of a volume manager or a file system do not tell: machines that were made from one image have the same.
    return different(
      ({ from, to }) => `lies on a disk without a WWN, by which ${to} could be seen to have the same device as ${from}`,
    );
  }
  return here.identity === there.identity && here.sizeBytes === there.sizeBytes
    ? { by: 'device' }
    : different(({ from, to }) => `is another device on ${to} than on ${from}`);
}

function hasOneKernel({ source, destination }: SeenByBoth): boolean {
  return source.bootId !== '' && source.bootId === destination.bootId;
}

interface Caching {
  readonly by: ProvenDisk['by'];
  readonly sights: readonly FileSight[];
  readonly dropsCache: boolean;
}

/**
 * What the old host has in its page cache the new one does not see, and what the new one has read before is old.
 * `unsafe` flushes nothing, so that nobody knows what of the disk has left the old host.
 */
function judgeCache(move: Move, part: DiskPart, { by, sights, dropsCache }: Caching): Obstacle | null {
  if (UNCACHED.includes(part.cache) || by === 'kernel') return null;
  const coherent = sights.every(({ type, fileSystem }) => type === 'file' && COHERENT.includes(fileSystem));
  if ((coherent || dropsCache) && part.cache !== 'unsafe') return null;
  const on = sights[0]?.type === 'block' ? 'a block device' : sights[0]?.fileSystem;
  const says =
    part.cache === 'default' ? 'has no cache mode, which means writeback' : `has the cache mode ${part.cache}`;
  const why = `${says}: ${move.to} could read what ${move.from} has not written yet (it is on ${on})`;
  const newer = part.cache === 'unsafe' ? '' : `; or a QEMU of 4.0 or newer on ${move.to}, which reads it anew`;
  return unfit(
    `${part.name} of ${move.vm} ${why}`,
    `\`virsh edit ${move.shellDomain}\` on ${move.from}: cache='none' in the <driver> of ${part.target}; it ` +
      `counts from the VM's next start${newer}.`,
  );
}

function judgeBoot(move: Move, part: DiskPart, here: FileSight, there: FileSight): ProvenDisk | Obstacle {
  // QEMU takes the memory that holds it over from the old host, and refuses one of another size.
  return here.sizeBytes === there.sizeBytes
    ? { name: part.name, by: 'content', hiddenFromLibvirt: false }
    : notShared(move, part, `has another size on ${move.to} than on ${move.from}`);
}

function judgeServers(
  move: Move,
  seen: SeenByBoth,
  part: DiskPart,
  here: PartSight & { kind: 'server' },
  there: PartSight & { kind: 'server' },
): ProvenDisk | Obstacle {
  const servers = part.place.kind === 'server' ? part.place.servers : [];
  if (here.servers.length === 0 || here.servers.length !== there.servers.length) {
    return notShared(move, part, 'names no server: nothing tells whether both hosts use the same');
  }
  for (const [index, source] of here.servers.entries()) {
    const destination = there.servers[index];
    const why = destination === undefined ? 'was not looked at' : serverFault(move, seen, source, destination);
    const { name = '', port = 0, socket = null } = servers[index] ?? {};
    const place = socket === null ? `${name}:${port}` : socket;
    if (socket !== null) return notShared(move, part, `is served by a socket of ${move.from} itself (${place})`);
    if (why !== null) return notShared(move, part, `is on the server ${place}, which ${why}`);
  }
  return { name: part.name, by: 'server', hiddenFromLibvirt: false };
}

function serverFault(
  move: Move,
  { source, destination }: SeenByBoth,
  here: ServerSight,
  there: ServerSight,
): string | null {
  const { from, to } = move;
  if (here.addresses.length === 0) return `${from} cannot resolve`;
  if (there.addresses.length === 0) return `${to} cannot resolve`;
  if ([...here.addresses, ...there.addresses].some(isLoopback)) return 'is another one on each host: each means itself';
  if (here.addresses.join() !== there.addresses.join()) {
    return `is ${here.addresses.join(' and ')} for ${from} and ${there.addresses.join(' and ')} for ${to}`;
  }
  const own = here.addresses.find((one) => source.addresses.includes(one) && destination.addresses.includes(one));
  if (own !== undefined) return `is another one on each host: both have the address ${own} themselves`;
  return there.silence === '' ? null : `does not answer ${to}: ${there.silence}`;
}

/** `nas:/vms`, `//nas/vms`, `10.0.0.1:6789,10.0.0.2:6789:/` */
function serverOfMount(mounted: string): string {
  return /^\/\/([^/]+)/.exec(mounted)?.[1] ?? /^\[([^\]]+)\]/.exec(mounted)?.[1] ?? mounted.split(':')[0] ?? '';
}

function isLoopback(address: string): boolean {
  return /^(127\.|0\.0\.0\.0$|::1?$|::ffff:127\.|localhost)/.test(address);
}
