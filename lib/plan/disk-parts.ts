import type { DiskPart, DiskPlace, Server } from '../model/disk.js';
import type { DefinedDisk, DomainDefinition } from '../model/domain-definition.js';
import { attribute, child, children } from '../model/xml-element.js';

type Element = DefinedDisk['element'];

/** Where a URI or a definition does not say (libvirt.org/formatdomain, "Hard drives": `host`). */
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  nbd: 10809,
  rbd: 6789,
  iscsi: 3260,
  nfs: 2049,
  gluster: 24007,
  sheepdog: 7000,
  http: 80,
  https: 443,
  ftp: 21,
  ftps: 990,
  tftp: 69,
  ssh: 22,
};

/**
 * All that the domain's QEMU opens, with the chain that lies below each image. The live definition has that chain; the
 * persistent one, of a domain that is off, has its top alone.
 */
export function diskParts(definition: DomainDefinition): DiskPart[] {
  return [...definition.disks.flatMap(partsOf), ...bootParts(definition)];
}

function partsOf(disk: DefinedDisk): DiskPart[] {
  const removable = disk.device === 'cdrom' || disk.device === 'floppy';
  const common = { target: disk.target, removable, cache: disk.cache } as const;
  const use = disk.readonly ? 'read' : 'written';
  const source = child(disk.element, 'source');
  const top = placeOf(disk.type, source);
  const parts: DiskPart[] = top === null ? [] : [{ ...common, name: disk.target, use, place: top }];
  const data = child(disk.element, 'dataStore') ?? (source === undefined ? undefined : child(source, 'dataStore'));
  const dataPlace = data === undefined ? null : placeOf(typeOf(data), child(data, 'source'));
  if (dataPlace !== null) parts.push({ ...common, name: `${disk.target}'s data file`, use, place: dataPlace });
  let below = child(disk.element, 'backingStore');
  while (below !== undefined) {
    const place = placeOf(typeOf(below), child(below, 'source'));
    if (place !== null) {
      parts.push({ ...common, name: `${disk.target}'s backing file`, use: 'read', removable: false, place });
    }
    below = child(below, 'backingStore');
  }
  return parts;
}

function typeOf(element: Element): string {
  return element.getAttribute('type') ?? 'file';
}

/** null: an empty drive. */
function placeOf(type: string, source: Element | undefined): DiskPlace | null {
  if (source === undefined) return null;
  const path = attribute(source, 'file') ?? attribute(source, 'dev');
  if (type === 'volume') {
    return { kind: 'volume', pool: attribute(source, 'pool') ?? '', volume: attribute(source, 'volume') ?? '' };
  }
  if (type === 'network') return serverOf(source);
  if ((type === 'file' || type === 'block') && path !== null) return pathOf(path);
  return type === 'file' ? null : { kind: 'other', type };
}

/** A line break in a path could not be told from the end of an answer. */
function pathOf(path: string): DiskPlace {
  return /[\n\0]/.test(path) ? { kind: 'other', type: 'file with a line break in its name' } : { kind: 'path', path };
}

function serverOf(source: Element): DiskPlace {
  const protocol = source.getAttribute('protocol') ?? '';
  const servers = children(source, 'host').map((host): Server => {
    const socket = attribute(host, 'transport') === 'unix' ? (attribute(host, 'socket') ?? '') : null;
    const port = Number(attribute(host, 'port') ?? DEFAULT_PORTS[protocol] ?? 0);
    return { name: attribute(host, 'name') ?? '', port, socket };
  });
  return { kind: 'server', protocol, export: attribute(source, 'name') ?? '', servers };
}

function bootParts(definition: DomainDefinition): DiskPart[] {
  const os = child(definition.root, 'os');
  if (os === undefined) return [];
  return ['kernel', 'initrd', 'dtb', 'loader'].flatMap((name): DiskPart[] => {
    const path = child(os, name)?.textContent?.trim() ?? '';
    if (path === '') return [];
    return [{ name, target: '', use: 'boot', removable: false, cache: 'default', place: pathOf(path) }];
  });
}
