import { type DomainDetails, disksWithJobs, observeDetails } from '../compute/libvirt/domain-sight.js';
import type { HostShell } from '../host/connection.js';
import { type LookRequest, observeDisks } from '../host/disk-sight.js';
import { exchangeTokens } from '../host/disk-token.js';
import type { DiskPart, DiskSight, FileSight, StorageProof, TokenSight } from '../model/disk.js';
import { CommandError, VxmigError } from '../model/errors.js';
import { shellWord } from '../model/quote.js';
import { answerRequest, type Exchange } from '../negotiate/exchange.js';
import type { Offers } from '../negotiate/offer.js';
import type { Request } from '../negotiate/request.js';
import { standingRefusal } from '../negotiate/standing.js';
import { domainOf, macsOf } from '../plan/desired-vms.js';
import { NO_COPIES } from '../plan/disk-copies.js';
import { diskParts } from '../plan/disk-parts.js';
import type { Move } from '../plan/move-obstacle.js';
import { judgeMove, judgeStorage } from '../plan/move-verdict.js';
import { wantedCopies } from '../plan/wanted-copies.js';
import { lookAtCopies } from './copy-sight.js';
import { type MoveRequest, observeOffers, requestFor } from './move-offers.js';

export interface LookedAt {
  readonly move: Move;
  readonly details: DomainDetails;
  /** null: not all of it is proven. */
  readonly storage: StorageProof | null;
  readonly request: Request;
  readonly offers: Offers;
  /** What both ends say to the request, with all that keeps the VM where it is. */
  readonly answer: Exchange;
  /** What comes along, and not as it was. */
  readonly remarks: readonly string[];
}

/**
 * Looks at both hosts whether the VM could move with its storage. Nothing is changed; beside an image there is for a
 * moment a file of a few bytes.
 *
 * @returns null where libvirt on the source knows no such domain
 * @throws CommandError, VxmigError where one of the hosts does not answer
 */
export async function lookAtMove(asked: MoveRequest): Promise<LookedAt | null> {
  const { vm, from, to, source, destination } = asked;
  const domain = domainOf(vm);
  const details = await observeDetails(source, domain);
  if (details === null) return null;
  const { definition, snapshots, checkpoints } = details;
  const move = { vm: vm.name, shellDomain: shellWord(domain), from: from.name, to: to.name };
  const request = requestFor(asked, move, definition);
  const parts = diskParts(definition);
  const targets = [...new Set(parts.map(({ target }) => target))].filter((target) => target !== '');
  const [here, there, busy, offers] = await Promise.all([
    looked(source, parts, { connect: false }),
    looked(destination, parts, { connect: true }),
    disksWithJobs(source, domain, targets),
    observeOffers(asked, request, definition),
  ]);
  const tokens = await tokensOf({ source, destination }, parts, here, there);
  const offer = offers.destination;
  const ends = { source: here, destination: there, qemuVersion: offer.qemuVersion };
  const seen = { definition, snapshots, checkpoints, busy, parts, tokens, macs: macsOf(vm), offer, ...ends };
  const wanted = wantedCopies(
    { topology: asked.topology, vm, from: from.name, definition },
    parts,
    judgeStorage(move, seen),
  );
  const copying = wanted.length === 0 ? NO_COPIES : await lookAtCopies(move, wanted, { source, destination });
  const { storage, obstacles, remarks } = judgeMove(move, seen, copying);
  const standing = obstacles.map((one) => standingRefusal(move, one));
  return { move, details, storage, request, offers, answer: answerRequest(request, offers, standing), remarks };
}

/** Who asks storage that stands still waits in the kernel, and cannot be ended. */
async function looked(shell: HostShell, parts: readonly DiskPart[], request: LookRequest): Promise<DiskSight> {
  try {
    return await observeDisks(shell, parts, request);
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== null) throw error;
    const paths = parts.flatMap(({ place }) => (place.kind === 'path' ? [place.path] : []));
    throw new VxmigError('HOST_UNFIT', `${shell.name} did not come to an end of looking at ${paths.join(', ')}`, {
      where: shell.name,
      hint:
        `Storage that does not answer does that. Nothing has moved; see with \`ls -l\` on ${shell.name} which of ` +
        'them stands still, and whether its server is there.',
      cause: error,
    });
  }
}

/** For files of which a copy would not do; in the parts' order. */
async function tokensOf(
  shells: Pick<MoveRequest, 'source' | 'destination'>,
  parts: readonly DiskPart[],
  here: DiskSight,
  there: DiskSight,
): Promise<(TokenSight | null)[]> {
  const isFile = (sight: DiskSight['parts'][number] | undefined): sight is FileSight =>
    sight?.kind === 'file' && sight.type === 'file';
  const asked = parts.flatMap(({ use, removable }, index) => {
    const [source, destination] = [here.parts[index], there.parts[index]];
    return (use === 'written' || (use === 'read' && !removable)) && isFile(source) && isFile(destination)
      ? [{ index, source, destination }]
      : [];
  });
  const answers = await exchangeTokens(shells.source, shells.destination, asked);
  return parts.map((_, index) => {
    const at = asked.findIndex((one) => one.index === index);
    return at < 0 ? null : (answers[at] ?? null);
  });
}
