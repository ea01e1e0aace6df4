import { ANY_ENCAPSULATION } from './any-encapsulation.js';
import { aboutKey, aboutValue, type Complaint, type Path } from './complaint.js';
import type { SchemaError } from './schema.js';
import type { Shape, Vocabulary } from './vocabulary.js';

const { key: KEY, largestMtu: LARGEST_MTU } = ANY_ENCAPSULATION;
const TYPES = ANY_ENCAPSULATION.types.map((type) => `\`type: ${type}\``);
const MAC = 'for example `mac: "52:54:00:09:00:01"`';
const NAME: Shape = {
  noun: 'a name',
  mend: 'a lower-case letter, then up to 30 lower-case letters, digits and dashes',
};

const ALLOW: Shape = {
  noun: 'what a NIC may be allowed',
  mend: 'a list of MACs, addresses, prefixes, `dhcp-server`, `router-advertisements`, `vlan`; or `allow: [any]`',
};
const ACL: Shape = {
  noun: 'a list of access rules',
  mend: 'for example `acl: [{from: any, protocol: tcp, port: 80, action: deny}]`, or leave it out',
};
const RULE: readonly (readonly [string, Shape])[] = [
  ['', { noun: 'an access rule', mend: 'for example `{from: any, protocol: tcp, port: 80, action: deny}`' }],
  ['/from', { noun: 'a VM, a host, an address, a prefix or `any`', mend: 'for example `from: 10.9.0.0/28`' }],
  ['/to', { noun: 'a VM, a host, an address, a prefix or `any`', mend: 'for example `to: web`' }],
  ['/protocol', { noun: 'a protocol', mend: '`any`, `tcp`, `udp` or `icmp`' }],
  ['/port', { noun: 'a port or a range', mend: 'for example `port: 80` or `port: 8000-8080`, 0 to 65535' }],
  ['/action', { noun: 'an action', mend: '`action: allow` or `action: deny`' }],
];

/** By path, with `*` for names and places in lists; the first that fits counts. */
const SHAPES: readonly (readonly [string, Shape])[] = [
  ['version', { noun: 'a version that this vxmig reads', mend: '`version: 1`' }],
  ['name', { ...NAME, mend: `for example \`name: my-lab\`: ${NAME.mend}` }],
  ['lab', { noun: 'a map', mend: 'write `lab: {}`, or leave it out for real machines' }],
  ['underlay', { noun: 'a map of segments', mend: 'for example `underlay: {left: {cidr: 198.18.1.0/24}}`' }],
  ['underlay/*', { noun: 'a segment', mend: 'for example `left: {cidr: 198.18.1.0/24}`' }],
  ['underlay/*/mtu', { noun: 'an MTU of 576 to 65535 bytes', mend: 'for example `mtu: 1500`' }],
  ['underlay/*/rate', { noun: 'a rate', mend: 'as tc(8) writes it: `100mbit`, `1gbit`' }],
  ['underlay/*/delay', { noun: 'a delay', mend: 'for example `20ms`' }],
  ['underlay/*/cidr', { noun: 'a prefix', mend: 'for example `cidr: 198.18.1.0/24`; for two families a list' }],
  ['hosts', { noun: 'a map of hosts', mend: 'for example `hosts: {host-a: {underlay: left, address: 198.18.1.10}}`' }],
  ['hosts/*', { noun: 'a host', mend: 'for example `host-a: {underlay: left, address: 198.18.1.10}`' }],
  ['hosts/*/underlay', { noun: 'the name of a segment', mend: 'one of those under `underlay`' }],
  [
    'hosts/*/address',
    { noun: 'an address without prefix length', mend: 'for example `address: 198.18.1.10`; for two families a list' },
  ],
  [
    'hosts/*/datapath',
    { noun: 'a datapath', mend: '`system` (kernel) or `netdev` (userspace); leave it out to look it up' },
  ],
  ['hosts/*/ssh', { noun: 'a map', mend: 'for example `ssh: {address: 192.0.2.7, user: root}`' }],
  ['hosts/*/ssh/address', { noun: 'an address or a DNS name', mend: 'for example `address: 192.0.2.7`' }],
  ['hosts/*/ssh/port', { noun: 'a TCP port', mend: 'a number from 1 to 65535, without quotes' }],
  ['hosts/*/ssh/user', { noun: 'a user name', mend: 'for example `user: root`' }],
  ['hosts/*/ssh/hostKey', { noun: 'a fingerprint', mend: 'as `ssh-keygen -lf` prints it: `hostKey: "SHA256:…"`' }],
  ['hosts/*/ssh/identityFile', { noun: 'a path', mend: 'for example `identityFile: ~/.ssh/id_ed25519`' }],
  [
    'networks',
    {
      noun: 'a map of networks',
      mend: 'for example `networks: {blue: {vni: 5001, cidr: 10.9.0.0/24}}`, or leave it out',
    },
  ],
  ['networks/*', { noun: 'a network', mend: 'for example `blue: {vni: 5001, cidr: 10.9.0.0/24}`' }],
  ['networks/*/type', { noun: 'a type of network', mend: `${TYPES.join(' or ')}, or leave it out` }],
  [
    'networks/*/vni',
    { noun: KEY.nouns.join(' or '), mend: `a number from ${KEY.first} to ${KEY.last}, for example \`vni: 5001\`` },
  ],
  ['networks/*/cidr', { noun: 'a prefix', mend: 'for example `cidr: 10.9.0.0/24`; for two families a list' }],
  [
    'networks/*/mtu',
    { noun: `an MTU of 576 to ${LARGEST_MTU} bytes`, mend: 'for example `mtu: 1450`, or leave it out' },
  ],
  ['networks/*/mesh', { noun: 'a kind of mesh', mend: '`mesh: full`, `mesh: flow` or `mesh: {hub: host-a}`' }],
  ['networks/*/mesh/hub', { noun: 'the name of a host', mend: '`mesh: {hub: host-a}`' }],
  [
    'vms',
    {
      noun: 'a map of VMs',
      mend: 'for example `vms: {web: {host: host-a, image: micro, nics: […]}}`, or leave it out',
    },
  ],
  ['vms/*', { noun: 'a VM', mend: 'for example `web: {host: host-a, image: micro, nics: […]}`' }],
  ['vms/*/host', { noun: 'the name of a host', mend: 'one of those under `hosts`' }],
  ['vms/*/memory', { noun: 'a size in MiB or GiB', mend: 'for example `memory: 128MiB` or `1GiB`' }],
  ['vms/*/vcpus', { noun: 'a number of CPUs from 1 to 64', mend: 'for example `vcpus: 1`' }],
  ['vms/*/image', { noun: 'an image', mend: '`image: micro`; for another guest `domain: NAME` in its place' }],
  [
    'vms/*/domain',
    {
      noun: 'a name that libvirt gives to a domain',
      mend: 'as `virsh list --all` prints it; no `/`, at most 255 bytes',
    },
  ],
  [
    'vms/*/nics',
    {
      noun: 'a list of NICs',
      mend: 'for example `nics: [{network: blue, mac: "52:54:00:09:00:01", address: 10.9.0.1/24}]`',
    },
  ],
  [
    'vms/*/nics/*',
    { noun: 'a NIC', mend: 'for example `{network: blue, mac: "52:54:00:09:00:01", address: 10.9.0.1/24}`' },
  ],
  ['vms/*/nics/*/network', { noun: 'the name of a network', mend: 'one of those under `networks`' }],
  ['vms/*/nics/*/mac', { noun: 'a MAC address', mend: MAC }],
  [
    'vms/*/nics/*/address',
    { noun: 'an address with prefix length', mend: 'for example `address: 10.9.0.1/24`; for two families a list' },
  ],
  ['vms/*/nics/*/allow', ALLOW],
  ['vms/*/acl', ACL],
  ['networks/*/acl', ACL],
  ...['vms', 'networks'].flatMap((owner) => RULE.map(([key, shape]) => [`${owner}/*/acl/*${key}`, shape] as const)),
  ['vms/*/migration', { noun: 'a map', mend: 'for example `migration: {strategy: pre-copy}`' }],
  ['vms/*/migration/strategy', { noun: 'a strategy', mend: '`pre-copy`, `post-copy` or `auto-converge`' }],
  [
    'vms/*/migration/bandwidth',
    { noun: 'a bandwidth in MiB or GiB per second', mend: 'for example `bandwidth: 64MiB`' },
  ],
  [
    'vms/*/migration/timeout',
    { noun: 'a time in whole seconds or minutes', mend: 'for example `timeout: 120s` or `5m`' },
  ],
  [
    'probes',
    {
      noun: 'a list of probes',
      mend: 'for example `probes: [{from: host-c, to: web, interval: 10ms}]`, or leave it out',
    },
  ],
  ['probes/*', { noun: 'a probe', mend: 'for example `{from: host-c, to: web, interval: 10ms}`' }],
  ['probes/*/from', { noun: 'the name of a host or VM', mend: 'for example `from: host-c`' }],
  ['probes/*/to', { noun: 'the name of a VM', mend: 'for example `to: web`' }],
  ['probes/*/interval', { noun: 'a time', mend: 'for example `interval: 10ms` or `1s`' }],
  ['', { noun: 'a topology', mend: 'it begins with `version: 1` and `name: NAME`' }],
];

const BY_PATTERN = new Map(SHAPES);

/** Of an item in a list of addresses, what the list's key says. */
export function shapeAt(path: Path): Shape {
  return (
    BY_PATTERN.get(patternOf(path)) ??
    BY_PATTERN.get(patternOf(path.slice(0, -1))) ?? { noun: 'right', mend: 'see `vxmig schema`' }
  );
}

/** Names stand at the second place of every path, and list places at the fourth. */
function patternOf(path: Path): string {
  return path
    .map((segment, index) =>
      index === 1 || (index === 3 && (path[2] === 'nics' || path[2] === 'acl')) ? '*' : segment,
    )
    .join('/');
}

const KINDS: Readonly<Record<string, string>> = { underlay: 'segment', hosts: 'host', networks: 'network', vms: 'VM' };

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
  if (key !== 'nics' || place === undefined) {
    const inner = rest.find((segment) => Number.isNaN(Number(segment)));
    return inner === undefined ? `\`${key}\` of ${owner}` : `\`${key}.${inner}\` of ${owner}`;
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
  'vms.strategy': 'write `migration: {strategy: …}`',
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
  const mend = 'add `image: micro` for the lab’s own guest, or `domain: NAME` for one that libvirt knows';
  return aboutKey(path, `${describePath(path)} has neither \`image\` nor \`domain\``, mend);
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
