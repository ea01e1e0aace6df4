import t from 'tap';
import { marked, problemsOf, SAMPLE, sampleWith } from './sample.js';

/**
 * What is replaced in the sample, by what (§: the place that must be named), and what must be said; nothing else may
 * be.
 */
type Case = readonly [old: string, replacement: string, message: string];

const SHAPE: readonly Case[] = [
  ['version: 1', 'version: §2', '`version`: 2 is not a version that this vxmig reads'],
  ['name: sample', 'name: §Sample', '`name`: "Sample" is not a name'],
  ['name: sample', `name: §${'a'.repeat(32)}`, `\`name\`: "${'a'.repeat(32)}" is not a name`],
  ['lab: {}', '§lab:', '`lab` is empty'],
  ['lab: {}', 'lab: {§size: 3}', 'unknown key `size` in `lab`'],
  ['name: sample', 'name: sample\n§nmae: x', 'unknown key `nmae` in the file'],
  ['  host-b: {', '  §Host: {underlay: right, address: 198.18.2.30}\n  host-b: {', '`Host` cannot be a name'],
  [
    'left, address: 198.18.1.10',
    'left, address: 198.18.1.10, §datpath: netdev',
    'unknown key `datpath` in host host-a',
  ],
  [
    'left, address: 198.18.1.10',
    'left, address: 198.18.1.10, datapath: §kernel',
    '`datapath` of host host-a: "kernel" is not a datapath',
  ],
  ['vni: 5001', 'vni: §0', '`vni` of network blue: 0 is not a VXLAN network identifier'],
  ['vni: 5001', 'vni: §16777216', '`vni` of network blue: 16777216 is not a VXLAN network identifier'],
  ['vni: 5001', 'vni: §"5001"', '`vni` of network blue: "5001" is not a VXLAN network identifier'],
  ['vni: 5001', 'vni: 5001, mesh: §star', '`mesh` of network blue: "star" is not a kind of mesh'],
  ['vni: 5001', 'vni: 5001, mesh: §flows', '`mesh` of network blue: "flows" is not a kind of mesh'],
  ['vni: 5001', 'vni: 5001, §mesh: {}', '`mesh` of network blue lacks `hub`'],
  ['vni: 5001', 'vni: 5001, §hub: host-a', 'unknown key `hub` in network blue'],
  ['vni: 5001', 'vni: 5001, type: §geneve', '`type` of network blue: "geneve" is not a type of network'],
  ['image: micro\n', 'image: micro\n    §domain: web\n', 'VM web has both `image` and `domain`'],
  [
    '  web:\n    host: host-a\n    image: micro',
    '  §web:\n    host: host-a',
    'VM web has neither `image` nor `domain`',
  ],
  ['image: micro', 'image: micro\n    memory: §128MB', '`memory` of VM web: "128MB" is not a size in MiB or GiB'],
  ['image: micro', 'image: micro\n    memory: §128', '`memory` of VM web: 128 is not a size in MiB or GiB'],
  [
    'image: micro',
    'image: micro\n    migration: {strategy: §precopy}',
    '`migration.strategy` of VM web: "precopy" is not a strategy',
  ],
  [
    'image: micro',
    'image: micro\n    migration: {strategy: bounded, bound: {bytes: §1x}}',
    '`migration.bound.bytes` of VM web: "1x" is not a multiple of the memory, at least 1.1x, or a size in MiB or GiB',
  ],
  [
    'image: micro',
    'image: micro\n    migration: {strategy: bounded, bound: {then: §pause}}',
    '`migration.bound.then` of VM web: "pause" is not an end of a bounded copy',
  ],
  ['"52:54:00:09:00:01"', '§52-54-00-09-00-01', '`mac` of NIC 1 of VM web: "52-54-00-09-00-01" is not a MAC address'],
  [
    'left, address: 198.18.1.10',
    'left, address: 198.18.1.10, ssh: {address: §"bastion:2222"}',
    '`ssh.address` of host host-a: "bastion:2222" holds the port',
  ],
  [
    'left, address: 198.18.1.10',
    'left, address: 198.18.1.10, ssh: {address: §"root@[fd00::1]:22"}',
    '`ssh.address` of host host-a: "root@[fd00::1]:22" holds the user and the port',
  ],
  [
    'left, address: 198.18.1.10',
    'left, address: 198.18.1.10, ssh: {address: §"a b"}',
    '`ssh.address` of host host-a: "a b" is not an address or a DNS name',
  ],
  ['image: micro', 'domain: §a/b', '`domain` of VM web: "a/b" is not a name that libvirt gives to a domain'],
  ['image: micro', 'domain: §" "', '`domain` of VM web: " " is not a name that libvirt gives to a domain'],
  ['to: web', 'to: web, interval: §10', '`interval` of probe 1: 10 is not a time'],
  ['- {from: host-b, to: web}', '- §{from: host-b}', 'probe 1 lacks `to`'],
];

const MEANING: readonly Case[] = [
  [
    'image: micro',
    'image: micro\n    migration: {§bound: {bytes: 2x}}',
    '`bound` is for the strategy bounded, and this VM is moved by pre-copy',
  ],
  [
    'image: micro',
    'image: micro\n    migration: {strategy: bounded, §postCopyAfter: {passes: 3}}',
    '`postCopyAfter` is for the strategy hybrid, and this VM is moved by bounded',
  ],
  [
    'image: micro',
    'image: micro\n    memory: 256MiB\n    migration: {strategy: bounded, bound: {bytes: §128MiB}}',
    '128MiB is less than its memory, which goes once whatever the guest does',
  ],
  [
    'image: micro',
    'image: micro\n    migration: {strategy: bounded, timeout: §30s}',
    'the copy is called off after 30s, before its bound of 60s is reached',
  ],
  ['left: {cidr: 198.18.1.0/24}', 'left: {cidr: §198.18.1.7/24}', '198.18.1.7/24 has host bits set'],
  ['left: {cidr: 198.18.1.0/24}', 'left: {cidr: §198.18.1.300/24}', '198.18.1.300/24 is not a prefix'],
  [
    'left: {cidr: 198.18.1.0/24}',
    'left: {cidr: [198.18.1.0/24, §198.18.9.0/24]}',
    '198.18.9.0/24 is a second one of IPv4',
  ],
  [
    'left: {cidr: 198.18.1.0/24}',
    'left: {cidr: 198.18.1.0/24}\n  far: {cidr: §8.8.8.0/24}',
    '8.8.8.0/24 is a public range: a lab must not take addresses that others own',
  ],
  [
    'left: {cidr: 198.18.1.0/24}',
    'left: {cidr: 198.18.1.0/24}\n  wide: {cidr: §192.0.0.0/16}',
    '192.0.0.0/16 is a public range: a lab must not take addresses that others own',
  ],
  [
    'left: {cidr: 198.18.1.0/24}',
    'left: {cidr: 198.18.1.0/24}\n  dot: {cidr: §10.0.0.4/31}',
    '10.0.0.4/31 has no room for a router and a host',
  ],
  [
    'right: {cidr: 198.18.2.0/24}',
    'right: {cidr: 198.18.2.0/24}\n  more: {cidr: §198.18.2.0/25}',
    '198.18.2.0/25 overlaps 198.18.2.0/24 of segment right',
  ],
  [
    'right: {cidr: 198.18.2.0/24}',
    'right: {cidr: 198.18.2.0/24}\n  six: {cidr: "fd00::/64", mtu: §1270}',
    'IPv6 does not work with an MTU of 1270',
  ],
  ['underlay: left', 'underlay: §lefd', 'there is no segment lefd'],
  ['198.18.1.10', '§198.18.3.10', '198.18.3.10 is outside segment left'],
  ['198.18.1.10', '§198.18.1.0', '198.18.1.0 is the network address of segment left'],
  ['198.18.1.10', '§198.18.1.1', '198.18.1.1 is the router’s address in segment left'],
  ['198.18.1.10', '§198.18.1.255', '198.18.1.255 is the broadcast address of segment left'],
  ['198.18.1.10', '§198.18.1.010', '198.18.1.010 is not an address without prefix length'],
  ['198.18.1.10', '[198.18.1.10, §"fd00::10"]', 'segment left has no IPv6 prefix for fd00::10'],
  [
    '  host-b: {underlay: right, address: 198.18.2.10}',
    '  host-b: {underlay: right, address: 198.18.2.10}\n  host-c: {underlay: left, address: §198.18.1.10}',
    '198.18.1.10 is host host-a’s address already',
  ],
  ['vni: 5002', 'vni: §5001', 'VNI 5001 is network blue’s already'],
  ['vni: 5001', 'vni: 5001, mesh: {hub: §host-z}', 'there is no host host-z'],
  ['mtu: 1450', 'mtu: §1451', 'an MTU of 1451 leaves no room for VXLAN in an underlay of 1500'],
  [
    'green: {vni: 5002, cidr: 10.9.0.0/24}',
    'green: {vni: 5002, cidr: [10.9.0.0/24, "fd00::/64"], mtu: §1279}',
    'IPv6 does not work in network green with an MTU of 1279',
  ],
  [
    'green: {vni: 5002, cidr: 10.9.0.0/24}',
    'green: {vni: 5002, cidr: [10.9.0.0/24, §10.8.0.0/24]}',
    '10.8.0.0/24 is a second one of IPv4',
  ],
  ['host: host-a', 'host: §host-x', 'there is no host host-x'],
  ['network: blue', 'network: §bleu', 'there is no network bleu'],
  ['"52:54:00:09:00:01"', '§"53:54:00:09:00:01"', '53:54:00:09:00:01 is a multicast address'],
  ['"52:54:00:09:00:01"', '§"00:00:00:00:00:00"', '00:00:00:00:00:00 is nobody’s address'],
  [
    '"52:54:00:09:00:02"',
    '§"52:54:00:09:00:01"',
    '52:54:00:09:00:01 is VM web’s MAC address already (in network blue)',
  ],
  ['10.9.0.1/24}]\n  db', '§10.8.0.1/24}]\n  db', '10.8.0.1/24 is outside network blue'],
  ['10.9.0.1/24}]\n  db', '§10.9.0.0/24}]\n  db', '10.9.0.0/24 is the network address of blue'],
  ['10.9.0.1/24}]\n  db', '§10.9.0.255/24}]\n  db', '10.9.0.255/24 is the broadcast address of blue'],
  ['10.9.0.1/24}]\n  db', '§10.9.0.1/16}]\n  db', '10.9.0.1/16 has another prefix length than network blue'],
  ['10.9.0.1/24}]\n  db', '[10.9.0.1/24, §"fd00:9::1/64"]}]\n  db', 'network blue has no IPv6 prefix for fd00:9::1/64'],
  [
    '{network: green, mac: "52:54:00:09:00:02", address: 10.9.0.1/24}',
    '{network: blue, mac: "52:54:00:09:00:02", address: §10.9.0.1/24}',
    '10.9.0.1 is VM web’s address in network blue already',
  ],
  ['  db:\n', '  §host-a:\n', 'host-a is a host’s name already'],
  ['from: host-b', 'from: §host-x', 'there is no host or VM host-x'],
  ['to: web', 'to: §wbe', 'there is no VM wbe'],
  ['to: web', 'to: §host-a', 'host-a is a host: probes watch VMs'],
  ['from: host-b', 'from: §web', 'VM web cannot watch itself'],
  ['from: host-b', 'from: §db', 'VMs db and web have no network in common'],
  ['to: web', 'to: web, interval: §0.5ms', '0.5ms is too short'],
  ['to: web', 'to: web, interval: §0s', '0s is too short'],
  [
    '- {from: host-b, to: web}',
    '- {from: host-b, to: web}\n  - §{from: host-b, to: web, interval: 1s}',
    'host-b watches web already',
  ],
];

const MICRO = 'image: micro';
const BLUE = 'vni: 5001';
const NIC = 'address: 10.9.0.1/24}]\n  db';
/** A rule in web's list; in blue's. */
const ofVm = (rule: string) => `image: micro\n    acl: [${rule}]`;
const ofNetwork = (rule: string) => `vni: 5001, acl: [${rule}]`;
const allowing = (items: string) => `address: 10.9.0.1/24, allow: ${items}}]\n  db`;

const SECURITY: readonly Case[] = [
  [MICRO, 'image: micro\n    §acl: []', '`acl` of VM web is empty'],
  [BLUE, 'vni: 5001, §acl: []', '`acl` of network blue is empty'],
  [MICRO, ofVm('§{from: any}'), 'rule 1 of VM web lacks `action`'],
  [MICRO, ofVm('{action: §drop}'), '`action` of rule 1 of VM web: "drop" is not an action'],
  [MICRO, ofVm('{action: deny, §ports: 80}'), 'unknown key `ports` in rule 1 of VM web'],
  [MICRO, ofVm('{protocol: §sctp, action: deny}'), '`protocol` of rule 1 of VM web: "sctp" is not a protocol'],
  [MICRO, ofVm('{protocol: icmp, §port: 80, action: deny}'), '`port` means nothing with protocol icmp'],
  [BLUE, ofNetwork('{§port: 80, action: deny}'), '`port` means nothing with protocol any'],
  [
    MICRO,
    ofVm('{protocol: tcp, port: §65536, action: deny}'),
    '`port` of rule 1 of VM web: 65536 is not a port or a range',
  ],
  [MICRO, ofVm('{protocol: tcp, port: §80-70000, action: deny}'), '80-70000 is not a port or a range'],
  [MICRO, ofVm('{protocol: tcp, port: §90-80, action: deny}'), 'the range 90-80 ends before it begins'],
  [MICRO, ofVm('{from: §wbe, action: deny}'), 'there is no VM or host wbe'],
  [MICRO, ofVm('{from: §10.9.0.300, action: deny}'), '10.9.0.300 is not an address or prefix'],
  [MICRO, ofVm('{from: §10.9.0.1/24, action: deny}'), '10.9.0.1/24 has host bits set'],
  [MICRO, ofVm('{from: §db, action: deny}'), 'VMs web and db have no network in common'],
  [MICRO, ofVm('{from: §host-a, action: deny}'), 'host host-a has no port in a network of the VM'],
  [MICRO, ofVm('§{from: host-b, to: 10.9.0.9, action: deny}'), 'the rule is not about VM web'],
  [MICRO, ofVm('§{from: web, to: web, action: deny}'), 'nothing goes from VM web to itself over a network'],
  [BLUE, ofNetwork('{from: §db, action: deny}'), 'VM db has no NIC in network blue'],
  [BLUE, ofNetwork('{to: §host-a, action: deny}'), 'host host-a has no port in network blue'],
  [
    BLUE,
    ofNetwork('§{from: 10.9.0.1, to: "fd00::1", action: deny}'),
    'no packet is from an address of one family to one of the other',
  ],
  [
    BLUE,
    ofNetwork('{protocol: tcp, action: allow}, §{from: 10.9.0.0/28, protocol: tcp, port: 80, action: deny}'),
    'the rule can never decide: rule 1 takes all that it would',
  ],
  [
    BLUE,
    ofNetwork('{from: 10.9.0.0/24, action: deny}, {to: web, action: deny}, §{from: 10.9.0.8, to: web, action: allow}'),
    'the rule can never decide: rule 1 takes all that it would',
  ],
  [
    MICRO,
    ofVm('{protocol: udp, port: 80-90, action: deny}, §{protocol: udp, port: 85, action: allow}'),
    'the rule can never decide: rule 1 takes all that it would',
  ],
  [NIC, 'address: 10.9.0.1/24, §allow: []}]\n  db', '`allow` of NIC 1 of VM web is empty'],
  [NIC, allowing('[§router]'), '`allow` of NIC 1 of VM web: "router" is not what a NIC may be allowed'],
  [NIC, allowing('[§any, vlan]'), '`any` allows everything'],
  [NIC, allowing('[vlan, §vlan]'), 'vlan is in the list already'],
  [NIC, allowing('[10.9.0.7, §10.9.0.7/32]'), '10.9.0.7/32 is in the list already'],
  [NIC, allowing('[§10.9.0.700]'), '10.9.0.700 is not what a NIC may be allowed'],
  [NIC, allowing('[§"52:54:00:09:00:01"]'), '52:54:00:09:00:01 is the NIC’s own'],
  [NIC, allowing('[§"52:54:00:09:00:02"]'), '52:54:00:09:00:02 is VM db’s MAC address'],
  [NIC, allowing('[§"01:00:5e:00:00:01"]'), '01:00:5e:00:00:01 is a multicast address'],
];

t.test('the sample itself is right', async (t) => {
  t.same(problemsOf(SAMPLE), []);
});

for (const [old, replacement, message] of [...SHAPE, ...MEANING, ...SECURITY]) {
  t.test(message, async (t) => {
    const { text, place } = marked(sampleWith(old, replacement));
    t.same(problemsOf(text), [`${place} ${message}`]);
  });
}

t.test('a prefix of two addresses leaves none for the second host that watches', async (t) => {
  const text = sampleWith('cidr: 10.9.0.0/24, mtu: 1450', 'cidr: 10.9.0.0/30, mtu: 1450').replace(
    '10.9.0.1/24}]\n  db',
    '10.9.0.1/30}]\n  db',
  );
  t.same(problemsOf(text), ['23:12 no address is left for host host-b in network blue']);
  t.same(problemsOf(text.replace('from: host-b', 'from: host-a')), []);
});

t.test('a VM without an address cannot be watched', async (t) => {
  t.same(problemsOf(sampleWith(', address: 10.9.0.1/24}]\n  db', '}]\n  db')), ['23:24 VM web has no address to ping']);
});

t.test('the overlay must not use the underlay’s addresses', async (t) => {
  const text = sampleWith('green: {vni: 5002, cidr: 10.9.0.0/24}', 'green: {vni: 5002, cidr: 198.18.2.128/25}');
  t.match(problemsOf(text), ['12:28 198.18.2.128/25 overlaps 198.18.2.0/24 of underlay segment right']);
});

t.test('there is an end to hosts, and it is said', async (t) => {
  const hosts = (count: number) =>
    Array.from(
      { length: count },
      (_, index) => `  h${index}: {underlay: all, address: 10.1.${index >> 8}.${index & 255}}`,
    );
  const text = (count: number) =>
    [
      'version: 1',
      'name: many',
      'lab: {}',
      'underlay: {all: {cidr: 10.0.0.0/8}}',
      'hosts:',
      ...hosts(count),
      'networks: {blue: {vni: 1, cidr: 192.0.2.0/24}}',
      'vms: {}',
      '',
    ].join('\n');
  t.same(problemsOf(text(256)), []);
  t.same(problemsOf(text(257)), ['5:1 `hosts`: more than 256']);
});

t.test('over IPv6 VXLAN takes 70 bytes', async (t) => {
  const ipv6 = SAMPLE.replace('198.18.1.0/24', '"fd00:1::/64"')
    .replace('198.18.2.0/24', '"fd00:2::/64"')
    .replace('198.18.1.10', '"fd00:1::10"')
    .replace('198.18.2.10', '"fd00:2::10"');
  t.same(problemsOf(ipv6), ['11:45 an MTU of 1450 leaves no room for VXLAN in an underlay of 1500']);
  t.same(problemsOf(ipv6.replace('1450', '1430')), []);
});

t.test('tunnels do not run from IPv4 to IPv6', async (t) => {
  const mixed = SAMPLE.replace('198.18.2.0/24', '"fd00:2::/64"').replace('198.18.2.10', '"fd00:2::10"');
  t.same(problemsOf(mixed), ['9:38 fd00:2::10 is IPv6, but tunnels run over IPv4 (198.18.1.10)']);
});

t.test(
  'names that libvirt gives to domains are right, but for numbers, which virsh takes for those of running domains',
  async (t) => {
    for (const name of ['Office Server 2', 'Büro', 'it\'s $(x) `y` "z"', 'a&b<c>', '-v', 'ü'.repeat(127)])
      t.same(problemsOf(sampleWith('image: micro', `domain: ${JSON.stringify(name)}`)), [], name);
    t.match(problemsOf(sampleWith('image: micro', 'domain: "7"')), [
      /^16:13 the libvirt domain 7 has a number for a name/,
    ]);
    t.match(problemsOf(sampleWith('image: micro', `domain: ${'ü'.repeat(128)}`)), [/more than 255 bytes/]);
  },
);

t.test('spaces that YAML takes for letters are told where they stand', async (t) => {
  for (const [old, odd] of [
    ['    image: micro', '\u00a0   image: micro'],
    ['    image: micro', '  §\u2003 image: micro'],
    ['name: sample', 'name:\u00a0sample'],
    ['{from: host-b, to: web}', '{from: host-b,\u00a0to: web}'],
    ['    host: host-a', '    host: host-a\u00a0'],
  ] as const) {
    const text = sampleWith(old, odd.replace('§', ''));
    const offset = /[\u00a0\u2003]/.exec(text)?.index ?? 0;
    const before = text.slice(0, offset).split('\n');
    const place = `${before.length}:${(before.at(-1) ?? '').length + 1}`;
    const said = problemsOf(text);
    t.equal(said.length, 1, odd);
    t.match(said[0], new RegExp(`^${place} a (no-break space|space of another kind) \\(U\\+`), odd);
  }
  t.same(problemsOf(sampleWith('name: sample', 'name: sample # a\u00a0b:\u00a0c')), []);
  t.same(problemsOf(sampleWith('image: micro', 'domain: "Büro:\u00a02"')), []);
});

t.test('two hosts cannot have one SSH server, however it is written', async (t) => {
  const real = SAMPLE.replace('lab: {}\n', '');
  const both = (a: string, b: string) =>
    real.replace('198.18.1.10}', `198.18.1.10, ssh: {${a}}}`).replace('198.18.2.10}', `198.18.2.10, ssh: {${b}}}`);
  for (const [a, b] of [
    ['address: 192.0.2.7', 'address: 192.0.2.7, port: 22'],
    ['address: Box.example', 'address: box.example.'],
    ['address: "fd00::1"', 'address: "fd00:0::0001"'],
    ['user: root', 'address: 198.18.1.10'],
  ] as const)
    t.match(problemsOf(both(a, b)), [/^8:\d+ host host-b has the SSH server of host host-a \(.* port 22\)/], a);
  t.same(problemsOf(both('address: 192.0.2.7, port: 2201', 'address: 192.0.2.7, port: 2202')), [], 'behind one NAT');
});

t.test('two VMs cannot be one libvirt domain', async (t) => {
  const text = SAMPLE.replaceAll('image: micro', 'domain: guest');
  t.same(problemsOf(text), ['20:13 libvirt domain guest is VM web already']);
});

t.test('public addresses are for real machines', async (t) => {
  const text = SAMPLE.replace('lab: {}\n', '').replaceAll('198.18.', '8.8.');
  t.same(problemsOf(text), []);
});

t.test('mistakes of every kind are told in one run, in the order of the file', async (t) => {
  const text = SAMPLE.replace('name: sample', 'nmae: sample')
    .replace('vni: 5002', 'vni: 5001')
    .replace('image: micro', 'image: micro\n    image: micro')
    .replace('10.9.0.1/24}]\nprobes', '10.9.9.1/24}]\nprobes');
  t.same(problemsOf(text), [
    '1:1 the file lacks `name`',
    '2:1 unknown key `nmae` in the file',
    '12:16 VNI 5001 is network blue’s already',
    '17:5 the key `image` is there twice',
    '22:64 10.9.9.1/24 is outside network green',
  ]);
});

t.test('one mistake does not bring others with it', async (t) => {
  // The host is of the wrong shape, but it is there: VMs and probes that name it are right.
  t.same(problemsOf(sampleWith('host-b: {underlay: right, address: 198.18.2.10}', 'host-b: 7')), [
    '9:11 host host-b: 7 is not a host',
  ]);
  t.same(
    problemsOf(sampleWith('blue: {vni: 5001, cidr: 10.9.0.0/24, mtu: 1450}', 'blue: {vni: 5001, cidr: 10.9/24}')),
    ['11:27 10.9/24 is not a prefix'],
  );
});
