import { ANY_ENCAPSULATION } from './any-encapsulation.js';
import { aboutKey, aboutValue, type Complaint, type Path } from './complaint.js';
import { MIGRATION_SHAPES } from './migration-shapes.js';
import type { SchemaError } from './schema.js';
import { STORAGE_SHAPES } from './storage-shapes.js';
import type { Shape, Vocabulary } from './vocabulary.js';

const { key: KEY, largestMtu: LARGEST_MTU } = ANY_ENCAPSULATION;
const TYPES = ANY_ENCAPSULATION.types.map((type) => `\`type: ${type}\``);
const MAC = 'for example `mac: "52:54:00:09:00:01"`';
const NAME: Shape = {
  noun: 'a name',
  fix: 'a lower-case letter, then up to 30 lower-case letters, digits and dashes',
};

const ALLOW: Shape = {
  noun: 'what a NIC may be allowed',
  fix: 'a list of MACs, addresses, prefixes, `dhcp-server`, `router-advertisements`, `vlan`; or `allow: [any]`',
};
const ACL: Shape = {
  noun: 'a list of access rules',
  fix: 'for example `acl: [{from: any, protocol: tcp, port: 80, action: deny}]`, or leave it out',
};
const RULE: readonly (readonly [string, Shape])[] = [
  ['', { noun: 'an access rule', fix: 'for example `{from: any, protocol: tcp, port: 80, action: deny}`' }],
  ['/from', { noun: 'a VM, a host, an address, a prefix or `any`', fix: 'for example `from: 10.9.0.0/28`' }],
  ['/to', { noun: 'a VM, a host, an address, a prefix or `any`', fix: 'for example `to: web`' }],
  ['/protocol', { noun: 'a protocol', fix: '`any`, `tcp`, `udp` or `icmp`' }],
  ['/port', { noun: 'a port or a range', fix: 'for example `port: 80` or `port: 8000-8080`, 0 to 65535' }],
  ['/action', { noun: 'an action', fix: '`action: allow` or `action: deny`' }],
];

/** By path, with `*` for names and places in lists; the first that fits counts. */
const SHAPES: readonly (readonly [string, Shape])[] = [
  ...STORAGE_SHAPES,
  ...MIGRATION_SHAPES,
  ['version', { noun: 'a version that this vxmig reads', fix: '`version: 1`' }],
  ['name', { ...NAME, fix: `for example \`name: my-lab\`: ${NAME.fix}` }],
  ['lab', { noun: 'a map', fix: 'write `lab: {}`, or leave it out for real machines' }],
  ['underlay', { noun: 'a map of segments', fix: 'for example `underlay: {left: {cidr: 198.18.1.0/24}}`' }],
  ['underlay/*', { noun: 'a segment', fix: 'for example `left: {cidr: 198.18.1.0/24}`' }],
  ['underlay/*/mtu', { noun: 'an MTU of 576 to 65535 bytes', fix: 'for example `mtu: 1500`' }],
  ['underlay/*/rate', { noun: 'a rate', fix: 'as tc(8) writes it: `100mbit`, `1gbit`' }],
  ['underlay/*/delay', { noun: 'a delay', fix: 'for example `20ms`' }],
  ['underlay/*/cidr', { noun: 'a prefix', fix: 'for example `cidr: 198.18.1.0/24`; for two families a list' }],
  ['hosts', { noun: 'a map of hosts', fix: 'for example `hosts: {host-a: {underlay: left, address: 198.18.1.10}}`' }],
  ['hosts/*', { noun: 'a host', fix: 'for example `host-a: {underlay: left, address: 198.18.1.10}`' }],
  ['hosts/*/underlay', { noun: 'the name of a segment', fix: 'one of those under `underlay`' }],
  [
    'hosts/*/address',
    { noun: 'an address without prefix length', fix: 'for example `address: 198.18.1.10`; for two families a list' },
  ],
  [
    'hosts/*/datapath',
    { noun: 'a datapath', fix: '`system` (kernel) or `netdev` (userspace); leave it out to look it up' },
  ],
  ['hosts/*/ssh', { noun: 'a map', fix: 'for example `ssh: {address: 192.0.2.7, user: root}`' }],
  ['hosts/*/ssh/address', { noun: 'an address or a DNS name', fix: 'for example `address: 192.0.2.7`' }],
  ['hosts/*/ssh/port', { noun: 'a TCP port', fix: 'a number from 1 to 65535, without quotes' }],
  ['hosts/*/ssh/user', { noun: 'a user name', fix: 'for example `user: root`' }],
  ['hosts/*/ssh/hostKey', { noun: 'a fingerprint', fix: 'as `ssh-keygen -lf` prints it: `hostKey: "SHA256:…"`' }],
  ['hosts/*/ssh/identityFile', { noun: 'a path', fix: 'for example `identityFile: ~/.ssh/id_ed25519`' }],
  [
    'networks',
    {
      noun: 'a map of networks',
      fix: 'for example `networks: {blue: {vni: 5001, cidr: 10.9.0.0/24}}`, or leave it out',
    },
  ],
  ['networks/*', { noun: 'a network', fix: 'for example `blue: {vni: 5001, cidr: 10.9.0.0/24}`' }],
  ['networks/*/type', { noun: 'a type of network', fix: `${TYPES.join(' or ')}, or leave it out` }],
  [
    'networks/*/vni',
    { noun: KEY.nouns.join(' or '), fix: `a number from ${KEY.first} to ${KEY.last}, for example \`vni: 5001\`` },
  ],
  ['networks/*/cidr', { noun: 'a prefix', fix: 'for example `cidr: 10.9.0.0/24`; for two families a list' }],
  [
    'networks/*/mtu',
    { noun: `an MTU of 576 to ${LARGEST_MTU} bytes`, fix: 'for example `mtu: 1450`, or leave it out' },
  ],
  ['networks/*/mesh', { noun: 'a kind of mesh', fix: '`mesh: full`, `mesh: flow` or `mesh: {hub: host-a}`' }],
  ['networks/*/mesh/hub', { noun: 'the name of a host', fix: '`mesh: {hub: host-a}`' }],
  [
    'vms',
    {
      noun: 'a map of VMs',
      fix: 'for example `vms: {web: {host: host-a, image: micro, nics: […]}}`, or leave it out',
    },
  ],
  ['vms/*', { noun: 'a VM', fix: 'for example `web: {host: host-a, image: micro, nics: […]}`' }],
  ['vms/*/host', { noun: 'the name of a host', fix: 'one of those under `hosts`' }],
  ['vms/*/memory', { noun: 'a size in MiB or GiB', fix: 'for example `memory: 128MiB` or `1GiB`' }],
  ['vms/*/vcpus', { noun: 'a number of CPUs from 1 to 64', fix: 'for example `vcpus: 1`' }],
  [
    'vms/*/domain',
    {
      noun: 'a name that libvirt gives to a domain',
      fix: 'as `virsh list --all` prints it; no `/`, at most 255 bytes',
    },
  ],
  [
    'vms/*/nics',
    {
      noun: 'a list of NICs',
      fix: 'for example `nics: [{network: blue, mac: "52:54:00:09:00:01", address: 10.9.0.1/24}]`',
    },
  ],
  [
    'vms/*/nics/*',
    { noun: 'a NIC', fix: 'for example `{network: blue, mac: "52:54:00:09:00:01", address: 10.9.0.1/24}`' },
  ],
  ['vms/*/nics/*/network', { noun: 'the name of a network', fix: 'one of those under `networks`' }],
  ['vms/*/nics/*/mac', { noun: 'a MAC address', fix: MAC }],
  [
    'vms/*/nics/*/address',
    { noun: 'an address with prefix length', fix: 'for example `address: 10.9.0.1/24`; for two families a list' },
  ],
  ['vms/*/nics/*/allow', ALLOW],
  ['vms/*/acl', ACL],
  ['networks/*/acl', ACL],
  ...['vms', 'networks'].flatMap((owner) => RULE.map(([key, shape]) => [`${owner}/*/acl/*${key}`, shape] as const)),
  [
    'probes',
    {
      noun: 'a list of probes',
      fix: 'for example `probes: [{from: host-c, to: web, interval: 10ms}]`, or leave it out',
    },
  ],
  ['probes/*', { noun: 'a probe', fix: 'for example `{from: host-c, to: web, interval: 10ms}`' }],
  ['probes/*/from', { noun: 'the name of a host or VM', fix: 'for example `from: host-c`' }],
  ['probes/*/to', { noun: 'the name of a VM', fix: 'for example `to: web`' }],
  ['probes/*/interval', { noun: 'a time', fix: 'for example `interval: 10ms` or `1s`' }],
  ['', { noun: 'a topology', fix: 'it begins with `version: 1` and `name: NAME`' }],
];

const BY_PATTERN = new Map(SHAPES);

/** Of an item in a list of addresses, what the list's key says. */
export function shapeAt(path: Path): Shape {
  return (
    BY_PATTERN.get(patternOf(path)) ??
    BY_PATTERN.get(patternOf(path.slice(0, -1))) ?? { noun: 'right', fix: 'see `vxmig schema`' }
  );
}

const LISTS = ['nics', 'acl', 'disks'];

/** Names stand at the second place of every path, and list places at the fourth. */
function patternOf(path: Path): string {
  return path
    .map((segment, index) => (index === 1 || (index === 3 && LISTS.includes(String(path[2]))) ? '*' : segment))
    .join('/');
}

const KINDS: Readonly<Record<string, string>> = {
  underlay: 'segment',
  hosts: 'host',
  storage: 'storage',
  networks: 'network',
  vms: 'VM',
};

/** `host host-a`, `mtu of network blue`, `mac of NIC 1 of VM web`: what people call the thing at `path`. */
function describePath(path: Path): string {
  const [collection, name, key, ...rest] = path;
  if (collection === undefined) return 'the file';
  if (name === undefined) return `\`${collection}\``;
  const kind = KINDS[collection];
  const owner = kind === undefined ? `probe ${Number(name) + 1}` : `${kind} ${name}`;
  if (key === undefined) return owner;
  const [place, nicKey] = rest;
  if (key === 'acl' && place !== undefined) {
    const rule = `rule ${Number(place) + 1} of ${owner}`;
    return nicKey === undefined ? rule : `\`${nicKey}\` of ${rule}`;
  }
  if (key === 'disks' && place !== undefined) {
    const disk = `disk ${Number(place) + 1} of ${owner}`;
    return nicKey === undefined ? disk : `\`${nicKey}\` of ${disk}`;
  }
  if (key !== 'nics' || place === undefined) {
    const inner = rest.filter((segment) => Number.isNaN(Number(segment)));
    return `\`${[key, ...inner].join('.')}\` of ${owner}`;
  }
  const nic = `NIC ${Number(place) + 1} of ${owner}`;
  return nicKey === undefined ? nic : `\`${nicKey}\` of ${nic}`;
}

/** Keys that other tools have at this place, or that people look for there. */
const MISPLACED_KEYS: Readonly<Record<string, string>> = {
  'networks.hub': 'write `mesh: {hub: HOST}`',
  'vms.allow': 'it belongs to a NIC: `nics: [{network: …, mac: …, allow: […]}]`',
  'vms.network': 'it belongs to a NIC: `nics: [{network: …, mac: …}]`',
  'vms.mac': 'it belongs to a NIC: `nics: [{network: …, mac: …}]`',
  'vms.address': 'it belongs to a NIC: `nics: [{network: …, mac: …, address: …}]`',
  'vms.disk': 'write `disks: [{size: …}]`',
  'vms.storage': 'it belongs to a disk: `disks: [{storage: …}]`',
  'vms.strategy': 'write `migration: {strategy: …}`',
  'vms.bound': 'write `migration: {strategy: bounded, bound: {…}}`',
  'hosts.hostKey': 'write `ssh: {hostKey: …}`',
  'hosts.user': 'write `ssh: {user: …}`',
};

/** A VM's guest is an image or a domain, which the schema says by `not` and `if`. */
function guestComplaint(error: SchemaError, path: Path): Complaint | null {
  if (error.keyword === 'not') {
    const message = `${describePath(path)} has both \`image\` and \`domain\``;
    return aboutKey([...path, 'domain'], message, 'keep one of the two');
  }
  if (error.keyword !== 'required' || error.params.missingProperty !== 'image') return null;
  const fix = 'add `image: micro` for the lab’s own guest, or `domain: NAME` for one that libvirt knows';
  return aboutKey(path, `${describePath(path)} has neither \`image\` nor \`domain\``, fix);
}

/** What `ssh` takes in one word, and the file in keys of their own. */
function sshComplaint(error: SchemaError, path: Path): Complaint | null {
  if (patternOf(path) !== 'hosts/*/ssh/address' || typeof error.data !== 'string') return null;
  const [, user, address = '', port] =
    /^(?:ssh:\/\/)?(?:([^@/]+)@)?\[?([^@/\]]*?)\]?(?::(\d+))?$/.exec(error.data) ?? [];
  if (address === '' || (user === undefined && port === undefined)) return null;
  const keys = [
    ['address', address],
    ['port', port],
    ['user', user],
  ].filter(([, value]) => value !== undefined);
  const extra = [...(user === undefined ? [] : ['the user']), ...(port === undefined ? [] : ['the port'])].join(
    ' and ',
  );
  const message = `${describePath(path)}: ${JSON.stringify(error.data)} holds ${extra}`;
  const written = keys
    .map(([key, value]) => `${key}: ${value?.includes(':') ? JSON.stringify(value) : value}`)
    .join(', ');
  return aboutValue(path, message, `write \`ssh: {${written}}\``);
}

export const TOPOLOGY_WORDS: Vocabulary = {
  describe: describePath,
  shapeAt,
  misplacedKeys: MISPLACED_KEYS,
  tooMany: 'leave some out, or give them a topology of their own',
  special: (error, path) => guestComplaint(error, path) ?? sshComplaint(error, path),
};
