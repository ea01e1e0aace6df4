import type { DefinedInterface, DomainDefinition } from '../model/domain-definition.js';
import type { LocalOffer } from '../model/local-offer.js';
import { printable } from '../model/printable.js';
import { shellWord } from '../model/quote.js';
import { attribute, child, children } from '../model/xml-element.js';
import { type Move, type Obstacle, unfit } from './move-obstacle.js';

/** What a move does to something that vxmig has nothing to do with. */
export interface Aside {
  /** It keeps the VM where it is. */
  readonly obstacles: readonly Obstacle[];
  /** It comes along, but not as it was. */
  readonly remarks: readonly string[];
}

/** libvirt makes such a name anew on each host (VIR_NET_GENERATED_*_PREFIX of its src/conf/domain_conf.h). */
const GENERATED = /^(vnet|macvtap|macvlan)/;
/** What of a host they are made of, or by which others reach them there. */
const BOUND: Readonly<Record<string, string>> = {
  vhostuser: 'is served by a program of its host’s (vhostuser)',
  vdpa: 'is a device of its host (vdpa)',
  server: 'is a socket of its host, to which others connect (server)',
  client: 'is a socket of its host (client)',
  udp: 'is a socket of its host (udp)',
  mcast: 'is a socket of its host (mcast)',
};

/** The NICs of a domain that the topology does not name. */
export function otherNics(definition: DomainDefinition, macs: readonly string[]): DefinedInterface[] {
  const ours = new Set(macs.map((mac) => mac.toLowerCase()));
  return definition.interfaces.filter(({ mac }) => !ours.has(mac));
}

/**
 * What the NICs that the topology does not name become by a move: libvirt connects them at the new host by the words of
 * the definition, which may mean nothing there, or something else.
 */
export function judgeOtherNics(move: Move, nics: readonly DefinedInterface[], offer: LocalOffer): Aside {
  const judged = nics.map((nic) => judged1(move, nic, offer));
  return {
    obstacles: judged.flatMap(({ obstacles }) => obstacles),
    remarks: judged.flatMap(({ remarks }) => remarks).map(printable),
  };
}

function judged1(move: Move, nic: DefinedInterface, offer: LocalOffer): Aside {
  const at = connection(move, nic, offer);
  const missing = children(nic.element, 'script').flatMap((script) => {
    const path = attribute(script, 'path') ?? '';
    return offer.paths.includes(path) ? [] : [`is connected by ${path}, which is not on ${move.to}`];
  });
  const obstacles = [...at.obstacles, ...missing, ...sameDevice(move, nic, offer)].map((what) =>
    unfit(printable(`${nameOf(move, nic)} ${what}`), fixOf(move, nic, at.fix)),
  );
  return { obstacles, remarks: obstacles.length > 0 ? [] : at.remarks.map((what) => `${nameOf(move, nic)} ${what}`) };
}

interface Connection {
  readonly obstacles: readonly string[];
  readonly remarks: readonly string[];
  /** What else mends it than another connection. */
  readonly fix: string;
}

function connection(move: Move, nic: DefinedInterface, offer: LocalOffer): Connection {
  const { from, to } = move;
  const { type, element, source, network } = nic;
  // The live definition calls one of a network that lends a bridge of its host's by what it became.
  const device = attribute(child(element, 'source'), 'dev');
  const kind = type === 'bridge' && network !== null ? 'network' : type;
  const name = (kind === 'network' ? network : source) ?? '';
  const stays = (what: string, fix = ''): Connection => ({ obstacles: [what], remarks: [], fix });
  const comes = (...remarks: string[]): Connection => ({ obstacles: [], remarks, fix: '' });
  const unseen = `nobody has looked whether that of ${to} leads where that of ${from} does`;
  switch (kind) {
    case 'network': {
      const found = offer.networks.get(name);
      const shellNetwork = shellWord(name);
      // A network of devices gives each VM one, whose name the live definition has.
      if (device !== null)
        return stays(`has a device of ${from} by libvirt’s network ${name}, and would be on another segment`);
      if (found === undefined)
        return stays(
          `is in libvirt’s network ${name}, which ${to} does not have`,
          `Define it on ${to} too (\`virsh net-dumpxml ${shellNetwork}\` on ${from}; \`virsh net-define FILE\` ` +
            `and \`virsh net-start ${shellNetwork}\` on ${to}).`,
        );
      if (!found.isActive)
        return stays(
          `is in libvirt’s network ${name}, which is off on ${to}`,
          `Start it: \`virsh net-start ${shellNetwork}\` on ${to}.`,
        );
      if (found.bridge === null)
        return stays(`is in libvirt’s network ${name}, which has devices of ${to} in place of a bridge`);
      if (found.forward === 'bridge')
        return offer.devices.includes(found.bridge)
          ? comes(`stays in libvirt’s network ${name}: ${unseen}`)
          : stays(`is in libvirt’s network ${name}, whose bridge ${found.bridge} is not on ${to}`);
      return comes(
        `comes into ${to}’s own network ${name} (${found.forward || 'isolated'}), which is another one than ` +
          `${from}’s: its connections end, and its address may not be one of that network`,
      );
    }
    case 'bridge':
      return offer.devices.includes(name)
        ? comes(`stays at the bridge ${name}: ${unseen}`)
        : stays(`is at the bridge ${name}, which is not on ${to}`, `Make that bridge on ${to} too.`);
    case 'direct':
      return stays(
        `is a macvtap on ${device ?? name} of ${from}: the guest would be on whatever segment ${to} has there`,
      );
    case 'user':
      return comes('is QEMU’s own user network: its connections end with the move, and the guest is told nothing');
    case 'ethernet':
      return isManaged(nic) && !offer.devices.includes(nic.device ?? '')
        ? stays(`has the tap ${nic.device ?? ''}, which is not on ${to}, and libvirt makes none`)
        : comes();
    default:
      return BOUND[type] === undefined ? comes() : stays(BOUND[type]);
  }
}

/** Where the kernel's half of virtio is asked for by name, QEMU does not start without it. */
export function judgeVhost(move: Move, definition: DomainDefinition, { paths }: LocalOffer): Obstacle[] {
  if (!wantsVhost(definition) || paths.includes(VHOST)) return [];
  return [
    unfit(
      `${move.vm} has a NIC with <driver name='vhost'/>, and ${move.to} has no ${VHOST}`,
      `\`modprobe vhost_net\` on ${move.to} makes it.`,
    ),
  ];
}

export const VHOST = '/dev/vhost-net';

export function wantsVhost({ interfaces }: DomainDefinition): boolean {
  return interfaces.some(({ element }) => attribute(child(element, 'driver'), 'name') === 'vhost');
}

/** Somebody else makes its tap. */
function isManaged({ element }: DefinedInterface): boolean {
  return attribute(child(element, 'target'), 'managed') === 'no';
}

function sameDevice({ to }: Move, nic: DefinedInterface, offer: LocalOffer): string[] {
  const { type, device } = nic;
  if (device === null || (type === 'ethernet' && isManaged(nic))) return [];
  if (!['network', 'bridge', 'ethernet', 'direct'].includes(type) || GENERATED.test(device)) return [];
  return offer.devices.includes(device)
    ? [`wants its tap to be called ${device} (<target dev='${device}'/>), and ${to} has such a device already`]
    : [];
}

function nameOf({ vm }: Move, { mac }: DefinedInterface): string {
  return `the NIC ${mac} of ${vm}, which the topology does not name,`;
}

function fixOf(move: Move, nic: DefinedInterface, fix: string): string {
  const out = takenOut(move, nic);
  const edit = `have it in an overlay network (its MAC among the VM's \`nics:\`), or take it out: ${out}.`;
  return fix === '' ? `${edit[0]?.toUpperCase()}${edit.slice(1)}` : `${fix} Or ${edit}`;
}

/** virsh looks for a NIC of that type in the live definition, in the stored one, or in each of them. */
function takenOut({ shellDomain, from }: Move, { mac, type, network }: DefinedInterface): string {
  const detach = (kind: string, which: string) =>
    `\`${['virsh detach-interface', shellDomain, shellWord(kind), '--mac', shellWord(mac), which].join(' ')}\``;
  return type === 'network' || network === null
    ? `${detach(type, '--persistent')} on ${from}`
    : `${detach('network', '--config')} and, if it is on, ${detach(type, '--live')} on ${from}`;
}
