import { type Document, type Element, XMLSerializer } from '@xmldom/xmldom';
import { messageOf, VxmigError } from './errors.js';
import { attribute, child, children, elements, parseXml } from './xml-element.js';

/** A network interface as a definition has it (libvirt.org/formatdomain, "Network interfaces"). */
export interface DefinedInterface {
  /** Lower case, colons; empty where libvirt is to choose one. */
  readonly mac: string;
  /** `bridge`, `network`, `ethernet`, `user`, `hostdev`, `direct`, `vhostuser`, … */
  readonly type: string;
  /** As the guest sees it: `virtio`, `e1000`, …; null: the hypervisor's default. */
  readonly model: string | null;
  /** The host's device; null where libvirt is to choose one. */
  readonly device: string | null;
  /** Queue pairs of a virtio NIC; 1 where nothing is said. */
  readonly queues: number;
  /** To what it is connected: a bridge, a network, a device; null: to nothing that has a name. */
  readonly source: string | null;
  /** libvirt's network that it has that from, by which it is connected on another host; null: none. */
  readonly network: string | null;
  /** The cable is out: nothing goes in or out. */
  readonly linkDown: boolean;
  readonly element: Element;
}

/** A disk as a definition has it (libvirt.org/formatdomain, "Hard drives, floppy disks, CDROMs"). */
export interface DefinedDisk {
  /** The guest's name of it: `vda`. */
  readonly target: string;
  readonly device: 'disk' | 'cdrom' | 'floppy' | 'lun';
  /** `file`, `block`, `network`, `volume`, `dir`, `nvme`, `vhostuser`, … */
  readonly type: string;
  /** Path, device, volume or export; null: an empty drive. */
  readonly source: string | null;
  /** Of a network disk: `nbd`, `rbd`, `iscsi`, `nfs`, … */
  readonly protocol: string | null;
  /** As written; `default` where nothing is said. */
  readonly cache: string;
  readonly readonly: boolean;
  readonly element: Element;
}

/**
 * A libvirt domain's definition, read by an XML parser and not by patterns: comments, CDATA, namespaces and elements
 * that vxmig knows nothing of are kept as they are.
 */
export class DomainDefinition {
  private constructor(private readonly document: Document) {}

  /** @throws VxmigError HOST_UNFIT where the text is no domain's definition */
  static parse(xml: string): DomainDefinition {
    try {
      const document = parseXml(xml);
      if (document.documentElement?.tagName !== 'domain') throw new Error('its root is no <domain>');
      return new DomainDefinition(document);
    } catch (cause) {
      throw new VxmigError('HOST_UNFIT', `a domain's definition cannot be read: ${messageOf(cause)}`, {
        hint: '`virsh dumpxml --inactive` prints it; `virt-xml-validate` names what is wrong with it.',
        cause,
      });
    }
  }

  /** The same as a new one, to be changed without changing this one. */
  clone(): DomainDefinition {
    return DomainDefinition.parse(this.toString());
  }

  get root(): Element {
    const root = this.document.documentElement;
    if (root === null) throw new Error('a definition without a root');
    return root;
  }

  get name(): string {
    return textOf(child(this.root, 'name'));
  }

  /** Lower case; a migration keeps it, and two domains of one name on two hosts are one only where it is the same. */
  get uuid(): string {
    return textOf(child(this.root, 'uuid')).toLowerCase();
  }

  /** `kvm`, `qemu`, … */
  get type(): string {
    return this.root.getAttribute('type') ?? '';
  }

  /** Its greatest memory; null where it says none that can be read. */
  get memoryBytes(): number | null {
    const element = child(this.root, 'memory');
    return element === undefined ? null : definedBytes(textOf(element), attribute(element, 'unit'));
  }

  /** The most that it can have. */
  get vcpus(): number {
    return Number(textOf(child(this.root, 'vcpu'))) || 1;
  }

  get interfaces(): DefinedInterface[] {
    return this.devices('interface').map(interfaceIn);
  }

  /** The one of that MAC. */
  interface(mac: string): DefinedInterface | undefined {
    return this.interfaces.find((one) => one.mac === mac.toLowerCase());
  }

  /** The element of that namespace in its metadata; libvirt keeps one of each (formatdomain, "General metadata"). */
  metadata(namespace: string): Element | undefined {
    const metadata = child(this.root, 'metadata');
    return metadata === undefined ? undefined : elements(metadata).find((one) => one.namespaceURI === namespace);
  }

  get disks(): DefinedDisk[] {
    return this.devices('disk').map((element) => {
      const source = child(element, 'source');
      const type = element.getAttribute('type') ?? 'file';
      const device = (element.getAttribute('device') ?? 'disk') as DefinedDisk['device'];
      return {
        target: attribute(child(element, 'target'), 'dev') ?? '',
        device,
        type,
        source: sourceOf(source),
        protocol: type === 'network' ? attribute(source, 'protocol') : null,
        cache: attribute(child(element, 'driver'), 'cache') ?? 'default',
        // libvirt makes every CD-ROM read-only, whether or not it says so.
        readonly: device === 'cdrom' || child(element, 'readonly') !== undefined,
        element,
      };
    });
  }

  /** The elements of that name directly under `<devices>`. */
  devices(name: string): Element[] {
    const devices = child(this.root, 'devices');
    return devices === undefined ? [] : children(devices, name);
  }

  /**
   * A new one with another interface in place of that one. @throws VxmigError HOST_UNFIT where the text is no
   * `<interface>`
   */
  withInterface(mac: string, xml: string): DomainDefinition {
    const copy = this.clone();
    const found = copy.interface(mac)?.element;
    const other = copy.document.importNode(parseInterface(xml).element, true);
    found?.parentNode?.replaceChild(other, found);
    return copy;
  }

  toString(): string {
    return new XMLSerializer().serializeToString(this.document);
  }
}

/** @throws VxmigError HOST_UNFIT where the text is no `<interface>` */
export function parseInterface(xml: string): DefinedInterface {
  const [one] = DomainDefinition.parse(`<domain><devices>${xml}</devices></domain>`).interfaces;
  if (one === undefined) throw new VxmigError('HOST_UNFIT', `this is no network interface of a domain: ${xml}`);
  return one;
}

/** The live definition has a network's bridge, or the device that it has given, beside its name. */
const SOURCES = { network: ['network', 'bridge', 'dev'], other: ['bridge', 'network', 'dev'] } as const;

function interfaceIn(element: Element): DefinedInterface {
  const source = child(element, 'source');
  const type = element.getAttribute('type') ?? '';
  return {
    mac: (child(element, 'mac')?.getAttribute('address') ?? '').toLowerCase(),
    type,
    model: attribute(child(element, 'model'), 'type'),
    device: attribute(child(element, 'target'), 'dev'),
    queues: Number(attribute(child(element, 'driver'), 'queues')) || 1,
    source:
      SOURCES[type === 'network' ? 'network' : 'other'].flatMap((name) => attribute(source, name) ?? [])[0] ?? null,
    network: attribute(source, 'network'),
    linkDown: attribute(child(element, 'link'), 'state') === 'down',
    element,
  };
}

/** @param unit null: KiB; @returns null where that is no size */
export function definedBytes(amount: string, unit: string | null): number | null {
  const bytes = Number(amount) * (UNITS.get((unit ?? 'KiB').toLowerCase()) ?? Number.NaN);
  return amount.trim() === '' || !Number.isFinite(bytes) ? null : bytes;
}

/** libvirt.org/formatdomain, "Memory Allocation". */
const UNITS = new Map([
  ['b', 1],
  ['bytes', 1],
  ['kb', 1e3],
  ['k', 2 ** 10],
  ['kib', 2 ** 10],
  ['mb', 1e6],
  ['m', 2 ** 20],
  ['mib', 2 ** 20],
  ['gb', 1e9],
  ['g', 2 ** 30],
  ['gib', 2 ** 30],
  ['tb', 1e12],
  ['t', 2 ** 40],
  ['tib', 2 ** 40],
]);

function sourceOf(source: Element | undefined): string | null {
  if (source === undefined) return null;
  const volume = attribute(source, 'volume');
  if (volume !== null) return `${attribute(source, 'pool') ?? ''}/${volume}`;
  return attribute(source, 'file') ?? attribute(source, 'dev') ?? attribute(source, 'name') ?? attribute(source, 'dir');
}

function textOf(element: Element | undefined): string {
  return element?.textContent?.trim() ?? '';
}
