import { type DefinedInterface, type DomainDefinition, parseInterface } from '../model/domain-definition.js';
import type { AdoptionMark } from '../model/domain-marks.js';
import { printable } from '../model/printable.js';
import { shellWord } from '../model/quote.js';
import { attribute, child, children, elements, elementText } from '../model/xml-element.js';
import { tagsOf, type Unfitness, unfitError, unfitNic } from './unfit-nic.js';

/** A NIC of a domain that somebody else has defined, and the tap that vxmig has for it. */
export interface AdoptedNic {
  readonly mac: string;
  readonly device: string;
  readonly mtu: number;
}

/** An interface that is to be another in the domain's stored definition. */
export interface NicUpdate {
  readonly mac: string;
  /** `<interface …>…</interface>` */
  readonly xml: string;
  /** What changes of it, before → after, a line each. */
  readonly details: readonly string[];
}

export interface Adoption {
  readonly updates: readonly NicUpdate[];
  /** What its interfaces were before. */
  readonly originals: ReadonlyMap<string, string>;
}

/** What says how an interface is connected; all else is the guest's, or the owner's, and is kept. */
const CONNECTION = [
  ...['source', 'target', 'mtu', 'virtualport', 'vlan', 'script', 'downscript', 'port', 'portForward'],
  // Addresses are those that the user network gives to the guest; of a bridge's or network's tap only libvirt sets
  // coalescing.
  ...['ip', 'route', 'coalesce', 'backend', 'actual'],
];

/**
 * What has to change in the stored definition of an existing domain so that its NICs are connected to vxmig's taps; all
 * that need not change stays. A NIC that the topology no longer has is connected back to what it had.
 *
 * @param mark what vxmig has written into it before; null: nothing
 * @throws VxmigError HOST_UNFIT where the domain has no NIC of that MAC, or one that cannot be connected
 */
export function adoptNics(
  where: { readonly host: string; readonly domain: string },
  definition: DomainDefinition,
  nics: readonly AdoptedNic[],
  mark: Pick<AdoptionMark, 'originals'> | null,
): Adoption {
  const faults = nics.flatMap((nic) => faultsOf(where, definition, nic));
  if (faults.length > 0) throw unfitError(where, faults);
  const originals = new Map(mark?.originals ?? []);
  const updates = nics.flatMap((nic): NicUpdate[] => {
    const found = definition.interface(nic.mac);
    if (found === undefined || isSettled(found, nic)) return [];
    if (!isConnected(found, nic)) originals.set(nic.mac, elementText(found.element));
    return [connected(found, nic)];
  });
  const released = [...originals].flatMap(([mac, original]): NicUpdate[] => {
    if (nics.some((nic) => nic.mac === mac)) return [];
    originals.delete(mac);
    const found = definition.interface(mac);
    return found === undefined || !isManaged(found) ? [] : [givenBack(found, original)];
  });
  return { updates: [...updates, ...released], originals };
}

function isSettled(found: DefinedInterface, nic: AdoptedNic): boolean {
  return isConnected(found, nic) && mtuOf(found) === String(nic.mtu);
}

function faultsOf({ domain }: { readonly domain: string }, definition: DomainDefinition, nic: AdoptedNic): Unfitness[] {
  const its = definition.interfaces.filter(({ mac }) => mac === nic.mac.toLowerCase());
  const [found, twin] = its;
  const shellName = shellWord(domain);
  if (found === undefined)
    return [
      {
        what: `it has no network interface with the MAC ${nic.mac}`,
        fix: `Add one with \`virsh attach-interface --domain ${shellName} --config …\`, or fix \`mac:\` in the file.`,
      },
    ];
  if (twin !== undefined)
    return [
      {
        what: `it has ${its.length} network interfaces with the MAC ${nic.mac}, and libvirt changes none of them`,
        fix: `Give each a MAC of its own: \`virsh edit ${shellName}\`.`,
      },
    ];
  const unfit = isSettled(found, nic) ? null : unfitNic(found);
  return unfit === null ? [] : [unfit];
}

/** Its frames go through that tap. */
export function isConnected({ type, device }: DefinedInterface, nic: Pick<AdoptedNic, 'device'>): boolean {
  return type === 'ethernet' && device === nic.device;
}

/** A tap that is made by somebody else than libvirt, as vxmig's are. */
function isManaged({ type, element }: DefinedInterface): boolean {
  return type === 'ethernet' && attribute(child(element, 'target'), 'managed') === 'no';
}

/** To what it is connected, for people. */
export function connectionOf({ type, source, device }: DefinedInterface): string {
  if (type === 'ethernet') return device === null ? 'a tap of libvirt’s' : `the tap ${device}`;
  const kind = type === 'direct' ? 'macvtap on' : type;
  return source === null ? `type ${type}` : printable(`${kind} ${source}`);
}

function connected(found: DefinedInterface, nic: AdoptedNic): NicUpdate {
  const { mac, xml } = rebuilt(found, (element) => {
    element.setAttribute('type', 'ethernet');
    for (const name of ['trustGuestRxFilters', 'managed']) element.removeAttribute(name);
    const backend = child(found.element, 'backend');
    const kept = backend === undefined ? [] : [['backend', pick(backend, ['tap', 'vhost'])] as const];
    return [
      ['target', { dev: nic.device, managed: 'no' }],
      ['mtu', { size: String(nic.mtu) }],
      ...kept.filter(([, attributes]) => Object.keys(attributes).length > 0),
    ];
  });
  return { mac, xml, details: detailsOf(found, nic) };
}

type NewElement = readonly [name: string, attributes: Readonly<Record<string, string>>];

/** The same interface without what says how it is connected, and with other elements in its place. */
function rebuilt(
  { mac, element }: DefinedInterface,
  change: (element: DefinedInterface['element']) => readonly NewElement[],
): { mac: string; xml: string } {
  const copy = parseInterface(elementText(element)).element;
  for (const name of CONNECTION) for (const one of children(copy, name)) copy.removeChild(one);
  for (const [name, attributes] of change(copy)) {
    const added = copy.ownerDocument?.createElement(name);
    if (added === undefined) throw new Error('an element without a document');
    for (const [key, value] of Object.entries(attributes)) added.setAttribute(key, value);
    copy.appendChild(added);
  }
  return { mac, xml: elementText(copy) };
}

function pick(element: DefinedInterface['element'], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (attribute(element, name) === null ? [] : [[name, attribute(element, name) ?? '']])),
  );
}

/**
 * The interface as it is now, connected again to what it had: what its owner has changed of it meanwhile stays.
 *
 * @param original null: nobody knows to what; then libvirt makes a tap for it, which is connected to nothing
 */
export function givenBack(found: DefinedInterface, original: string | null): NicUpdate {
  const was = original === null ? null : parseInterface(original);
  const { mac, xml } = rebuilt(found, (element) => {
    if (was === null) return [];
    for (const name of ['type', 'trustGuestRxFilters', 'managed']) {
      const value = attribute(was.element, name);
      if (value !== null) element.setAttribute(name, value);
    }
    for (const one of elements(was.element))
      if (CONNECTION.includes(one.nodeName)) element.appendChild(element.ownerDocument?.importNode(one, true) ?? one);
    return [];
  });
  const to = was === null ? 'a tap of libvirt’s, connected to nothing: what it had is not known' : connectionOf(was);
  return { mac, xml, details: [`NIC ${mac}: ${connectionOf(found)} → ${to}`] };
}

function mtuOf({ element }: DefinedInterface): string | null {
  return attribute(child(element, 'mtu'), 'size');
}

function detailsOf(found: DefinedInterface, nic: AdoptedNic): string[] {
  const { element } = found;
  const before = connectionOf(found);
  const with_ = isConnected(found, nic) ? '' : `: it belongs to ${before}`;
  const gone = (what: string) => `${what} → none${with_}`;
  const filter = attribute(child(element, 'filterref'), 'filter');
  const mtu = mtuOf(found);
  const lines = [
    ...(isConnected(found, nic) ? [] : [`${before} → the tap ${nic.device}`]),
    ...(mtu === String(nic.mtu) ? [] : [`MTU ${mtu ?? 'as its device has it'} → ${nic.mtu}`]),
    ...tagsOf(found).map((tag) => gone(`VLAN tag ${tag}`)),
    ...children(element, 'virtualport').map((one) => gone(`virtual port ${attribute(one, 'type') ?? ''}`.trim())),
    ...['script', 'downscript'].flatMap((name) =>
      children(element, name).map((one) => gone(`${name} ${attribute(one, 'path') ?? ''}`.trim())),
    ),
    ...children(element, 'portForward').map(() => gone('forwarded ports')),
    ...children(element, 'ip').map((one) => gone(`address ${attribute(one, 'address') ?? ''}`.trim())),
    ...children(element, 'coalesce').map(
      () => `coalescing ${coalesceOf(element)} → none: libvirt has it for bridges and networks only`,
    ),
    ...(attribute(element, 'trustGuestRxFilters') === 'yes' ? [gone('trusted receive filters')] : []),
    ...(filter === null
      ? []
      : [
          `filter ${filter}: kept, but libvirt’s filters see no frame of Open vSwitch; \`allow\` and \`acl\` ` +
            'in the file do',
        ]),
    ...(found.linkDown ? ['its link is down, and stays so'] : []),
  ];
  return lines.map((line) => printable(`NIC ${found.mac}: ${line}`));
}

function coalesceOf(element: DefinedInterface['element']): string {
  const frames = child(child(child(element, 'coalesce') ?? element, 'rx') ?? element, 'frames');
  return `of ${attribute(frames, 'max') ?? 'some'} frames`;
}
