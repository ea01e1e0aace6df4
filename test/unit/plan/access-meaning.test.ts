import t from 'tap';
import { accessDifferences } from '../../../lib/plan/access-differences.js';
import { kindText } from '../../../lib/plan/access-frame.js';
import { keptApart, kindsOfTraffic, letThrough } from '../../../lib/plan/access-meaning.js';
import { parseTopology } from '../../../lib/topology/read.js';

const BRANCH = (rules: { readonly vm?: string; readonly network?: string } = {}) =>
  parseTopology(
    `version: 1
name: branch
lab: {}
underlay: {core: {cidr: 198.18.1.0/24}}
hosts:
  hub: {underlay: core, address: 198.18.1.10}
  rome: {underlay: core, address: 198.18.1.11}
networks:
  corp: {vni: 7001, cidr: 10.20.0.0/24${rules.network === undefined ? '' : `, acl: [${rules.network}]`}}
  backup: {vni: 8001, cidr: 10.30.0.0/24}
vms:
  db:
    host: hub
    image: micro
    nics:
      - {network: corp, mac: "52:54:00:20:00:10", address: 10.20.0.10/24}
      - {network: backup, mac: "52:54:00:30:00:10", address: 10.30.0.10/24}
${rules.vm === undefined ? '' : `    acl: [${rules.vm}]`}
  app: {host: rome, image: micro, nics: [{network: corp, mac: "52:54:00:20:00:20", address: 10.20.0.20/24}]}
  kiosk: {host: rome, image: micro, nics: [{network: corp, mac: "52:54:00:20:00:96", address: 10.20.0.150/24}]}
probes: [{from: hub, to: db}]
`,
    'branch.yaml',
  );

const DENIED = '{from: 10.20.0.128/26, action: deny}';
const RIGHT = BRANCH({ vm: DENIED });

function networkOf(topology: typeof RIGHT, name = 'corp') {
  const found = topology.networks.find((network) => network.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

t.test('what passes is told by every protocol, and at both sides of every border', async (t) => {
  const through = (topology: typeof RIGHT, from = 'kiosk') =>
    letThrough(topology, networkOf(topology), { from, to: 'db', traffic: kindsOfTraffic([topology]) }).map(kindText);
  t.same(through(RIGHT), []);
  t.same(through(BRANCH({ vm: '{from: 10.20.0.128/26, protocol: icmp, action: deny}' })), [
    'protocol 47',
    'tcp port 9',
    'udp port 9',
  ]);
  const ports = '{from: 10.20.0.128/26, protocol: tcp, port: 80-90, action: deny}';
  t.same(through(BRANCH({ vm: ports })), ['icmp', 'protocol 47', 'tcp port 9', 'udp port 9', 'udp port 80'], ports);
  t.equal(through(RIGHT, 'app').length, 4);
  t.same(through(RIGHT, 'kiosk'), through(BRANCH({ network: '{from: kiosk, to: db, action: deny}' })));
});

t.test('who is kept apart altogether', async (t) => {
  t.same(keptApart(RIGHT, networkOf(RIGHT)), [{ from: 'kiosk', to: 'db' }]);
  t.same(keptApart(BRANCH(), networkOf(BRANCH())), []);
  const icmp = BRANCH({ vm: '{from: 10.20.0.128/26, protocol: icmp, action: deny}' });
  t.same(keptApart(icmp, networkOf(icmp)), []);
});

t.test('rules are compared by what they let through, wherever and however they are written', async (t) => {
  const differences = (given: typeof RIGHT, of: 'vm' | 'network' = 'vm') =>
    accessDifferences([RIGHT, given], { kind: of, name: of === 'vm' ? 'db' : 'corp' })?.map(
      ({ frame, passes }) => `${passes ? '+' : '-'} ${frame}`,
    );
  t.same(differences(RIGHT), []);
  t.same(differences(BRANCH({ network: '{from: 10.20.0.128/26, to: db, action: deny}' })), [], 'in the other list');
  const halves = '{from: 10.20.0.128/27, action: deny}, {from: 10.20.0.160/27, action: deny}';
  t.same(differences(BRANCH({ vm: halves })), [], 'in two halves');
  t.same(differences(BRANCH({ vm: halves }), 'network'), []);
  const parts = ['tcp', 'udp', 'icmp'].map((protocol) => `{from: 10.20.0.128/26, protocol: ${protocol}, action: deny}`);
  t.same(
    [...new Set(differences(BRANCH({ vm: parts.join(', ') }))?.map((text) => text.replace(/ from .*/, '')))],
    ['- protocol 47'],
    'three protocols are not all',
  );
  t.ok(differences(BRANCH({ vm: '{from: kiosk, action: deny}' }))?.includes('- icmp from 10.20.0.128 to db'));
  t.ok(differences(BRANCH({ vm: '{from: 10.20.0.128/25, action: deny}' }))?.includes('+ icmp from 10.20.0.192 to db'));
  t.ok(differences(BRANCH())?.includes('- tcp port 9 from kiosk to db'));
  t.same(
    accessDifferences([RIGHT, BRANCH()], { kind: 'network', name: 'backup' }),
    [],
    'nobody has such an address there',
  );
});

t.test('more than can be compared is not', async (t) => {
  const many = Array.from(
    { length: 200 },
    (_, place) => `{from: 10.20.0.${place}/32, protocol: tcp, port: ${2 * place + 1}, action: deny}`,
  );
  t.equal(accessDifferences([RIGHT, BRANCH({ network: many.join(', ') })], { kind: 'network', name: 'corp' }), null);
});
