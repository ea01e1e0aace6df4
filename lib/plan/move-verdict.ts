import type { DiskPart, DiskSight, StorageProof, TokenSight } from '../model/disk.js';
import type { DomainDefinition } from '../model/domain-definition.js';
import type { LocalOffer } from '../model/local-offer.js';
import { shellWord } from '../model/quote.js';
import { child } from '../model/xml-element.js';
import { judgeDevices } from './device-verdict.js';
import { type CopyVerdict, NO_COPIES } from './disk-copies.js';
import { dropsCache, judgeDisks, type SeenByBoth } from './disk-verdict.js';
import { judgeVariables } from './firmware-variables.js';
import { type Move, type Obstacle, unfit } from './move-obstacle.js';
import { judgeOtherNics, judgeVhost, otherNics } from './other-nics.js';
import { judgeScreens } from './screen-verdict.js';

export interface MoveSight {
  /** Live where the domain runs. */
  readonly definition: DomainDefinition;
  readonly snapshots: readonly string[];
  readonly checkpoints: readonly string[];
  /** Disks, by the guest's names, with a job. */
  readonly busy: readonly string[];
  readonly parts: readonly DiskPart[];
  readonly source: DiskSight;
  readonly destination: DiskSight;
  readonly tokens: readonly (TokenSight | null)[];
  /** Of its NICs that the topology names. */
  readonly macs: readonly string[];
  /** Of the new host. */
  readonly offer: LocalOffer;
  /** Of the QEMU there. */
  readonly qemuVersion: string;
}

/**
 * Either a proof that the VM can go there with its storage, or all that is in its way. `remarks`: what comes along, and
 * not as it was.
 */
export type MoveVerdict = { readonly remarks: readonly string[] } & (
  | { readonly storage: StorageProof; readonly obstacles: readonly [] }
  | { readonly storage: null; readonly obstacles: readonly NamedObstacle[] }
);

export interface NamedObstacle extends Obstacle {
  /** Of what it is. */
  readonly feature: string;
}

/** Whether a VM can move as it stands, as far as its definition and both hosts tell. */
export function judgeMove(move: Move, sight: MoveSight, copying: CopyVerdict = NO_COPIES): MoveVerdict {
  const { definition, macs, offer } = sight;
  const disks = judgeStorage(move, sight).filter((_, part) => !copying.parts.has(part));
  const nics = judgeOtherNics(move, otherNics(definition, macs), offer);
  const variables = judgeVariables(move, definition, offer);
  const remarks = [...nics.remarks, ...variables.remarks];
  const obstacles = [
    ...named('storage', [...disks.flatMap((one) => ('by' in one ? [] : [one])), ...copying.obstacles]),
    ...named('block job', jobs(move, sight)),
    ...named('snapshot', snapshots(move, sight)),
    ...named('device', judgeDevices(move, definition)),
    ...named('NIC', [...nics.obstacles, ...judgeVhost(move, definition, offer)]),
    ...named('firmware variables', variables.obstacles),
    ...named('screen', judgeScreens(move, definition, sight.destination.addresses)),
  ];
  if (obstacles.length > 0) return { storage: null, obstacles, remarks };
  const proven = disks.flatMap((one) => ('by' in one ? [one] : []));
  return { storage: { disks: proven, copies: copying.copies }, obstacles: [], remarks };
}

/** In the parts' order. */
export function judgeStorage(move: Move, sight: Omit<SeenByBoth, 'dropsCache'> & Pick<MoveSight, 'qemuVersion'>) {
  return judgeDisks(move, { ...sight, dropsCache: dropsCache(sight.qemuVersion) });
}

function named(feature: string, obstacles: readonly Obstacle[]): NamedObstacle[] {
  return obstacles.map((one) => ({ ...one, feature }));
}

function jobs({ vm, shellDomain, from }: Move, { busy, definition }: MoveSight): Obstacle[] {
  const mirrored = definition.disks.flatMap(({ target, element }) => (child(element, 'mirror') ? [target] : []));
  return [...new Set([...busy, ...mirrored])].map((target) =>
    unfit(
      `${target} of ${vm} is being copied or merged by QEMU (a block job), and libvirt moves no VM meanwhile`,
      `Let it end, or end it: \`virsh blockjob ${shellDomain} ${shellWord(target)} --info\`, \`virsh blockjob ` +
        `${shellDomain} ${shellWord(target)} --abort\` on ${from}.`,
    ),
  );
}

function snapshots({ vm, shellDomain, from }: Move, sight: MoveSight): Obstacle[] {
  const kinds = [
    {
      kind: 'snapshot',
      virsh: 'virsh snapshot',
      names: sight.snapshots,
      effect: 'and moves no VM that has any',
    },
    // libvirt 11 moves the domain, and forgets them.
    {
      kind: 'checkpoint',
      virsh: 'virsh checkpoint',
      names: sight.checkpoints,
      effect: 'and would forget by a move what backups go by',
    },
  ] as const;
  return kinds.flatMap(({ kind, virsh, names, effect }) => {
    if (names.length === 0) return [];
    return unfit(
      `libvirt keeps ${names.length === 1 ? `a ${kind}` : `${names.length} ${kind}s`} of ${vm} ` +
        `(${names.join(', ')}), ${effect}`,
      `\`${virsh}-list ${shellDomain}\` on ${from} shows them; \`${virsh}-delete ${shellDomain} NAME ` +
        '--metadata` has libvirt forget one and leaves what it kept in the image.',
    );
  });
}
