import {
  type DomainDetails,
  disksWithJobs,
  observeDetails,
  observeLibvirtHost,
} from '../compute/libvirt/domain-sight.js';
import { observeOffer } from '../compute/libvirt/host-offer.js';
import type { HostShell } from '../host/connection.js';
import { type LookRequest, observeDisks } from '../host/disk-sight.js';
import { exchangeTokens } from '../host/disk-token.js';
import type { DiskPart, DiskSight, FileSight, TokenSight } from '../model/disk.js';
import { CommandError, VxmigError } from '../model/errors.js';
import { shellWord } from '../model/quote.js';
import { diskParts } from '../plan/disk-parts.js';
import type { Move } from '../plan/move-obstacle.js';
import { judgeMove, type MoveVerdict } from '../plan/move-verdict.js';
import { offerRequest } from '../plan/offer-request.js';

export interface LookedAt {
  readonly move: Move;
  readonly verdict: MoveVerdict;
  readonly details: DomainDetails;
}

export interface MoveRequest {
  readonly vm: string;
  readonly domain: string;
  /** Of its NICs that the topology names. */
  readonly macs: readonly string[];
  readonly source: HostShell;
  readonly destination: HostShell;
}

/**
 * Looks at both hosts whether the VM could move with its storage. Nothing is changed; beside an image there is for a
 * moment a file of a few bytes.
 *
 * @returns null where libvirt on the source knows no such domain
 * @throws CommandError, VxmigError where one of the hosts does not answer
 */
export async function lookAtMove({ vm, domain, macs, source, destination }: MoveRequest): Promise<LookedAt | null> {
  const details = await observeDetails(source, domain);
  if (details === null) return null;
  const parts = diskParts(details.definition);
  const targets = [...new Set(parts.map(({ target }) => target))].filter((target) => target !== '');
  const [here, there, busy, one, other, offer] = await Promise.all([
    looked(source, parts, { connect: false }),
    looked(destination, parts, { connect: true }),
    disksWithJobs(source, domain, targets),
    observeLibvirtHost(source),
    observeLibvirtHost(destination),
    observeOffer(destination, offerRequest(details.definition, macs)),
  ]);
  const tokens = await tokensOf({ source, destination }, parts, here, there);
  const move = { vm, shellDomain: shellWord(domain), from: source.name, to: destination.name };
  const { definition, snapshots, checkpoints } = details;
  const sight = { definition, snapshots, checkpoints, busy, parts, tokens, macs, offer };
  const hosts = { source: one, destination: other };
  return { move, details, verdict: judgeMove(move, { ...sight, source: here, destination: there, hosts }) };
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
