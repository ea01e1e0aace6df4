import { dirname } from 'node:path/posix';
import type { DiskCopy } from '../model/disk-copy.js';
import { formatBytes } from '../model/quantities.js';
import { shellWord } from '../model/quote.js';
import { isOf, markWords, type VolumeMark, type VolumeSight } from '../model/volume-sight.js';
import { type Move, type Obstacle, unfit } from './move-obstacle.js';
import type { WantedCopy } from './wanted-copies.js';

/** What copying does about the disks that the destination does not see. */
export interface CopyVerdict {
  readonly copies: readonly DiskCopy[];
  readonly obstacles: readonly Obstacle[];
  /** Places in the list of parts: what else was found to be in their way is not, or is told in other words. */
  readonly parts: ReadonlySet<number>;
}

export const NO_COPIES: CopyVerdict = { copies: [], obstacles: [], parts: new Set() };

/** What both hosts have where the images are and are to be, in the order of what is wanted. */
export interface CopySight {
  readonly source: readonly VolumeSight[];
  readonly destination: readonly VolumeSight[];
  /** By path, what their bases take on the source. */
  readonly baseBytes: ReadonlyMap<string, number>;
  /** Paths of bases that are the same on both hosts, byte for byte. */
  readonly sameBases: ReadonlySet<string>;
}

export function judgeCopies(move: Move, wanted: readonly WantedCopy[], sight: CopySight): CopyVerdict {
  const first = wanted.map((one, index) => judgeCopy(move, one, sight, index));
  // libvirt copies all of a VM's disks in one way: what lies above a base alone would be half of a disk without it.
  const isMixed = first.some((one, index) => 'path' in one && one.base === null && wanted[index]?.bases.length !== 0);
  const judged = isMixed ? wanted.map((one, index) => judgeCopy(move, { ...one, how: 'all' }, sight, index)) : first;
  const copies = judged.flatMap((one) => ('path' in one ? [one] : []));
  const obstacles = judged.flatMap((one) => ('why' in one ? [one] : []));
  const parts = new Set(wanted.flatMap(({ part, bases }) => [part, ...bases.map((base) => base.part)]));
  return { copies, obstacles: [...obstacles, ...noRoom(move, copies, sight, wanted)], parts };
}

function judgeCopy(move: Move, wanted: WantedCopy, sight: CopySight, index: number): DiskCopy | Obstacle {
  const { target, path, format, how, bases } = wanted;
  const { vm, from, to } = move;
  const [here, there] = [sight.source[index], sight.destination[index]];
  const what = `${target} of ${vm} (${path})`;
  const refused = (why: string, fix: string) => unfit(`${what} ${why}`, fix);
  const look = `\`qemu-img info -U ${shellWord(path)}\` on ${from} shows it.`;
  if (here === undefined || here.image.kind !== 'there') {
    const why = here?.image.kind === 'silent' ? here.image.why : 'it is not there';
    return refused(`cannot be copied from ${from}: ${why}`, look);
  }
  const { sizeBytes, allocatedBytes, hasDataFile } = here.image;
  if (format !== 'qcow2' && format !== 'raw')
    return refused(`is ${format} on ${from}, which is not copied`, 'Images in qcow2 and raw are.');
  if (hasDataFile) return refused(`keeps its data in another file on ${from}, which is not copied`, look);
  const replaces = replaced(move, wanted, here.mark);
  const inTheWay = clash(move, wanted, there, replaces);
  if (inTheWay !== null) return inTheWay;
  const [base] = bases;
  const isSame = bases.every((one) => one.isProven || sight.sameBases.has(one.path));
  if (how === 'inc' && base !== undefined && !isSame) {
    return refused(
      `lies on ${bases.map((one) => one.path).join(' and ')}, which ${to} does not have as ${from} has it`,
      `Copy that to ${to}, under the same path; or \`--copy-storage all\` copies it together with the disk.`,
    );
  }
  const onBase = how !== 'all' && base !== undefined && isSame;
  const baseFormat = here.image.backing?.format ?? null;
  if (onBase && baseFormat === null)
    return refused(
      `does not say in which format its base is (${base.path})`,
      `\`--copy-storage all\` copies it together with the disk; or, while the VM is off, \`qemu-img rebase -u -F …\`.`,
    );
  const below = bases.reduce((sum, one) => sum + (sight.baseBytes.get(one.path) ?? 0), 0);
  // One that has come from elsewhere, and has not been marked as there since, is the VM's all the same.
  const own = wanted.own !== null && isOf(here.mark, wanted.own) ? { before: here.mark, after: wanted.own } : null;
  return {
    target,
    job: wanted.job,
    path,
    format,
    sizeBytes,
    neededBytes: Math.min(sizeBytes, allocatedBytes + (onBase ? 0 : below)) + METADATA_BYTES,
    base: onBase && baseFormat !== null ? { path: base.path, format: baseFormat } : null,
    arriving: wanted.arriving,
    replaces,
    own,
  };
}

/** Tables of an image, and what the guest writes meanwhile. */
const METADATA_BYTES = 64 * 2 ** 20;

/**
 * A copy to there that did not come to its end; and the image that was left there when the VM came from there to here,
 * which the one here says.
 */
function replaced({ to }: Move, { own, arriving }: WantedCopy, here: VolumeMark | null): VolumeMark[] {
  return [arriving, ...(own !== null && here?.from === to ? [own] : [])];
}

/** What is there already, and is not of a copy of this very disk that did not come to its end. */
function clash(
  { vm, to }: Move,
  { target, path, arriving }: WantedCopy,
  there: VolumeSight | undefined,
  replaces: readonly VolumeMark[],
): Obstacle | null {
  if (there?.image.kind === 'absent') return null;
  if (there !== undefined && replaces.some((mark) => isMark(there.mark, mark))) return null;
  const what = `${target} of ${vm} cannot be copied to ${to}`;
  if (there === undefined || there.image.kind === 'silent') {
    const why = there?.image.kind === 'silent' ? `: ${there.image.why}` : '';
    return unfit(`${what}: ${path} is there and cannot be read${why}`, `Move it away on ${to}, if nobody needs it.`);
  }
  const { mark } = there;
  const whose = mark === null ? 'vxmig has not made it' : `it is ${markWords(mark)}`;
  const finishes = mark?.topology === arriving.topology && mark.vm === arriving.vm;
  return unfit(
    `${what}: ${path} is there already, and ${whose}`,
    `${finishes ? '`vxmig apply FILE` says what becomes of it. ' : ''}Nothing there is overwritten: move it away on ` +
      `${to} if nobody needs it.`,
  );
}

/** The very mark, which also says whether the image is on its way. */
function isMark(mark: VolumeMark | null, wanted: VolumeMark): boolean {
  return isOf(mark, wanted) && mark.from === wanted.from;
}

/** Disks that come to one directory share its room. */
function noRoom(
  { vm, to }: Move,
  copies: readonly DiskCopy[],
  { destination }: CopySight,
  wanted: readonly WantedCopy[],
): Obstacle[] {
  const directories = new Set(copies.map(({ path }) => dirname(path)));
  return [...directories].flatMap((directory) => {
    const own = copies.filter(({ path }) => dirname(path) === directory);
    const needed = own.reduce((sum, { neededBytes }) => sum + neededBytes, 0);
    const free = destination[wanted.findIndex(({ path }) => path === own[0]?.path)]?.freeBytes ?? null;
    if (free === null || free >= needed) return [];
    const disks = own.map(({ target }) => target).join(' and ');
    return unfit(
      `${to} has no room for ${disks} of ${vm}: ${formatBytes(needed)} are needed in ${directory}, and ` +
        `${formatBytes(free)} are free`,
      `Make room there; \`df -h ${shellWord(directory)}\` on ${to} shows it.`,
    );
  });
}
