import { formatIp, formatPrefix, parseIp, parsePrefix } from '../model/address.js';
import type {
  AccessEnd,
  AccessRule,
  Allowance,
  Host,
  Image,
  MigrationSettings,
  Network,
  Nic,
  Probe,
  Topology,
  UnderlaySegment,
  Vm,
} from '../model/topology.js';
import { strategyOf } from '../strategies/registry.js';
import { parseBytes, parseDurationMs } from '../topology/units.js';

/** A key of a thing in a topology, as a text in which equal values are equal, whatever way they were written. */
interface Key<Thing> {
  readonly text: (thing: Thing) => string;
  /** What a rubric says of it, in the same form; null: it is none. Without it the rubric's text is taken as it is. */
  readonly read?: (written: unknown) => string | null;
}

interface SectionOf<Thing> {
  /** `network`, `networks`: for messages. */
  readonly one: string;
  readonly many: string;
  readonly things: (topology: Topology) => readonly Thing[];
  readonly keys: Readonly<Record<string, Key<Thing>>>;
}

/** A collection of a topology. */
export interface Section {
  readonly one: string;
  readonly many: string;
  readonly keys: readonly string[];
  /** Every key's text, by the thing's name. */
  readonly texts: (topology: Topology) => ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** What a rubric says of a key, as `texts` says it; null: it is no such value. */
  readonly read: (key: string, written: unknown) => string | null;
}

function section<Thing extends { readonly name: string }>({ one, many, things, keys }: SectionOf<Thing>): Section {
  const textsOf = (thing: Thing) =>
    Object.fromEntries(Object.entries(keys).map(([key, { text }]) => [key, text(thing)]));
  return {
    one,
    many,
    keys: Object.keys(keys),
    texts: (topology) => new Map(things(topology).map((thing) => [thing.name, textsOf(thing)])),
    read: (key, written) => (keys[key]?.read ?? String)(written),
  };
}

const MIB = 2 ** 20;

const SEGMENTS = section<UnderlaySegment>({
  one: 'segment',
  many: 'segments',
  things: ({ underlay }) => underlay,
  keys: {
    cidr: { text: ({ cidrs }) => listText(cidrs), read: (written) => addressesText(written, prefixText) },
    mtu: { text: ({ mtu }) => String(mtu) },
    rate: { text: ({ rate }) => rate ?? 'none' },
    delay: {
      text: ({ delayMs }) => (delayMs === null ? 'none' : `${delayMs}ms`),
      read: (written) => (written === 'none' ? 'none' : `${parseDurationMs(String(written))}ms`),
    },
  },
});

const HOSTS = section<Host>({
  one: 'host',
  many: 'hosts',
  things: ({ hosts }) => hosts,
  keys: {
    underlay: { text: ({ underlay }) => underlay },
    address: { text: ({ addresses }) => listText(addresses), read: (written) => addressesText(written, ipText) },
  },
});

const NETWORKS = section<Network>({
  one: 'network',
  many: 'networks',
  things: ({ networks }) => networks,
  keys: {
    vni: { text: ({ vni }) => String(vni) },
    cidr: { text: ({ cidrs }) => listText(cidrs), read: (written) => addressesText(written, prefixText) },
    mtu: { text: ({ mtu }) => String(mtu) },
    mesh: {
      text: ({ mesh }) => (mesh.kind === 'hub' ? `hub: ${mesh.hub}` : mesh.kind),
      read: (written) => (typeof written === 'string' ? written : `hub: ${(written as { readonly hub: string }).hub}`),
    },
    acl: { text: ({ acl }) => rulesText(acl) },
  },
});

/** As it is written in the file. */
function imageText(image: Image): string {
  return 'path' in image ? image.path : image.kind;
}

/** The settings that its strategy reads stand in it, too. */
function migrationText(migration: MigrationSettings): string {
  const { strategy, bandwidthBytesPerSecond, timeoutMs, copyStorage } = migration;
  const reads = strategyOf(strategy).tuning?.reads;
  return [
    strategy,
    bandwidthBytesPerSecond === null ? 'no bandwidth' : `${bandwidthBytesPerSecond / MIB}MiB`,
    `${timeoutMs / 1000}s`,
    ...(copyStorage === null ? [] : [`copyStorage ${copyStorage}`]),
    ...(reads === undefined ? [] : [`${reads} ${JSON.stringify(migration[reads])}`]),
  ].join(', ');
}

const VMS = section<Vm>({
  one: 'VM',
  many: 'VMs',
  things: ({ vms }) => vms,
  keys: {
    host: { text: ({ host }) => host },
    memory: {
      text: ({ memoryBytes }) => `${memoryBytes / MIB}MiB`,
      read: (written) => `${parseBytes(String(written)) / MIB}MiB`,
    },
    vcpus: { text: ({ vcpus }) => String(vcpus) },
    source: {
      text: ({ source }) =>
        source.kind === 'image' ? `image: ${imageText(source.image)}` : `domain: ${source.domain}`,
      read: (written) => String(written).replace(/: */, ': '),
    },
    nics: { text: ({ nics }) => nics.map(nicText).sort().join('; ') },
    migration: {
      text: ({ migration }) => migrationText(migration),
    },
    acl: { text: ({ acl }) => rulesText(acl) },
  },
});

export const SECTIONS = { underlay: SEGMENTS, hosts: HOSTS, networks: NETWORKS, vms: VMS } as const;

export type SectionName = keyof typeof SECTIONS;

export function probeText({ from, to, intervalMs }: Probe): string {
  return `${from.name} → ${to}, every ${intervalMs}ms`;
}

export function nicText({ network, mac, addresses, allow }: Nic): string {
  const allowed = allowedTexts(allow).sort().join(', ');
  return [network, mac, ...addresses, ...(allowed === '' ? [] : [`allow ${allowed}`])].join(' ');
}

function allowedTexts({ any, macs, prefixes, dhcpServer, routerAdvertisements, vlan }: Allowance): string[] {
  return [
    ...(any ? ['any'] : []),
    ...macs,
    ...prefixes,
    ...(dhcpServer ? ['dhcp-server'] : []),
    ...(routerAdvertisements ? ['router-advertisements'] : []),
    ...(vlan ? ['vlan'] : []),
  ];
}

/** One spelling for what may be written as one address or a list of two; null where one of them is none. */
export function addressesText(written: unknown, read: (text: string) => string | null): string | null {
  const texts = (Array.isArray(written) ? (written as unknown[]) : [written]).map((text) => read(String(text)));
  return texts.every((text) => text !== null) ? listText(texts) : null;
}

export function prefixText(text: string): string | null {
  const prefix = parsePrefix(text);
  return prefix === null ? null : formatPrefix(prefix);
}

function ipText(text: string): string | null {
  const ip = parseIp(text);
  return ip === null ? null : formatIp(ip);
}

function listText(texts: readonly string[]): string {
  return texts.length === 0 ? 'none' : [...texts].sort().join(', ');
}

function rulesText(rules: readonly AccessRule[]): string {
  return rules.length === 0 ? 'none' : rules.map(ruleText).join('; ');
}

function ruleText({ from, to, protocol, ports, action }: AccessRule): string {
  const range = ports === null ? '' : ` port ${ports.first}-${ports.last}`;
  return `${action} ${protocol}${range} from ${endText(from)} to ${endText(to)}`;
}

function endText(end: AccessEnd): string {
  return end.kind === 'any' ? 'any' : end.kind === 'prefix' ? end.prefix : end.name;
}
