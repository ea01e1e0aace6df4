import type { DiskPart, DiskSight, StorageProof, TokenSight } from '../model/disk.js';
import type { DomainDefinition } from '../model/domain-definition.js';
import type { HostOffer } from '../model/host-offer.js';
import { shellWord } from '../model/quote.js';
import { attribute, child } from '../model/xml-element.js';
import { judgeDevices } from './device-verdict.js';
import { dropsCache, judgeDisks } from './disk-verdict.js';
import { judgeVariables } from './firmware-variables.js';
import { judgeHugePages } from './huge-pages.js';
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
  /** Of the destination. */
  readonly offer: HostOffer;
  readonly hosts: { readonly source: SeenHost; readonly destination: SeenHost };
}

export interface SeenHost {
  readonly uuid: string;
  readonly qemuVersion: string;
  readonly cpu: { readonly model: string; readonly flags: readonly string[] };
}

/**
 * Either a proof that the VM can go there with its storage, or all that is in its way. `remarks`: what comes along, and
 * not as it was.
 */
export type MoveVerdict = { readonly remarks: readonly string[] } & (
  | { readonly storage: StorageProof; readonly obstacles: readonly [] }
  | { readonly storage: null; readonly obstacles: readonly Obstacle[] }
);

/** Whether a VM can move as it stands, as far as its definition and both hosts tell. */
export function judgeMove(move: Move, sight: MoveSight): MoveVerdict {
  const disks = judgeDisks(move, { ...sight, dropsCache: dropsCache(sight.hosts.destination.qemuVersion) });
  const { definition, macs, offer } = sight;
  const nics = judgeOtherNics(move, otherNics(definition, macs), offer);
  const variables = judgeVariables(move, definition, offer);
  const remarks = [...nics.remarks, ...variables.remarks];
  const obstacles = [
    ...disks.obstacles,
    ...jobs(move, sight),
    ...snapshots(move, sight),
    ...judgeDevices(move, definition),
    ...nics.obstacles,
    ...judgeVhost(move, definition, offer),
    ...variables.obstacles,
    ...judgeHugePages(move, definition, offer),
    ...judgeScreens(move, definition, sight.destination.addresses),
    ...sameUuid(move, sight),
    ...cpu(move, sight),
  ];
  return obstacles.length === 0
    ? { storage: { disks: disks.proven }, obstacles: [], remarks }
    : { storage: null, obstacles, remarks };
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

/** libvirt takes hosts of one UUID for one host. */
function sameUuid(move: Move, { hosts }: MoveSight): Obstacle[] {
  const { uuid } = hosts.source;
  return uuid === '' || uuid !== hosts.destination.uuid ? [] : [unfit(sameUuidText(move, uuid), sameUuidFix(move.to))];
}

export function sameUuidText({ from, to }: Pick<Move, 'from' | 'to'>, uuid: string): string {
  return `libvirt on ${from} and on ${to} has the same host UUID ${uuid}, and refuses a migration “to the same host”`;
}

export function sameUuidFix(host: string): string {
  const conf = '/etc/libvirt/libvirtd.conf';
  return (
    `On ${host}: \`sed -i '/^ *host_uuid *=/d' ${conf}; echo "host_uuid = \\"$(cat ` +
    `/proc/sys/kernel/random/uuid)\\"" >>${conf}; systemctl restart libvirtd\` ` +
    '(with modular daemons: virtqemud.conf and virtqemud). VMs run on meanwhile.'
  );
}

/** The guest sees the host's own CPU, which libvirt compares with nothing. */
function cpu(move: Move, { definition, hosts }: MoveSight): Obstacle[] {
  const mode = attribute(child(definition.root, 'cpu'), 'mode');
  if (definition.type !== 'kvm' || (mode !== 'host-passthrough' && mode !== 'maximum')) return [];
  const { source, destination } = hosts;
  const missing = source.cpu.flags.filter((flag) => !destination.cpu.flags.includes(flag));
  const fix =
    `Give ${move.vm} a CPU that both hosts can give: \`virsh edit ${move.shellDomain}\` on ${move.from}, <cpu ` +
    "mode='custom'> with a model that `vxmig doctor` lists as common; it counts from the VM's next start.";
  if (missing.length > 0) {
    const list = `${missing.slice(0, 8).join(', ')}${missing.length > 8 ? ', …' : ''}`;
    return [
      unfit(`${move.vm} has the CPU of ${move.from} itself (${mode}), and that of ${move.to} lacks ${list}`, fix),
    ];
  }
  return source.cpu.model === destination.cpu.model
    ? []
    : [
        unfit(
          `${move.vm} has the CPU of ${move.from} itself (${mode}: ${source.cpu.model}), and ${move.to} has ` +
            `another one (${destination.cpu.model})`,
          fix,
        ),
      ];
}
