import t from 'tap';
import { parse } from 'yaml';
import { seedOf } from '../../../lib/plan/seed.js';
import { planSeeds } from '../../../lib/plan/seed-plan.js';
import { topologyOf } from './hosts.js';

const topology = topologyOf(
  ['networks:\n', 'storage: {pool: {kind: shared, path: /srv/pool}}\nnetworks:\n'],
  ['image: micro', 'image: debian'],
);
const [web] = topology.vms;
if (web === undefined) throw new Error('no VM');
const PATH = '/var/lib/vxmig/seeds/plans/web.iso';

t.test(
  'a guest is told its name, its addresses and who may log in, in YAML of the version that it reads',
  async (t) => {
    const { metaData, userData, networkConfig } = seedOf(topology, web, 'an-id', ['ssh-ed25519 AAAA']);
    // Bare, 52:54:00:09:00:01 is a number there.
    const read = (text: string) => parse(text, { version: '1.1' });
    t.strictSame(read(metaData), { 'instance-id': 'an-id', 'local-hostname': 'web' });
    t.ok(userData.startsWith('#cloud-config\n'));
    t.match(read(userData), { hostname: 'web', ssh_authorized_keys: ['ssh-ed25519 AAAA'], ssh_pwauth: false });
    t.match(read(networkConfig), {
      version: 2,
      ethernets: {
        nic0: {
          match: { macaddress: '52:54:00:09:00:01' },
          mtu: 1450,
          dhcp4: false,
          addresses: ['10.9.0.1/24', 'fd00:9::1/64'],
        },
      },
    });
  },
);

t.test(
  'each host gets each medium once; another one where it says something else; none that nobody needs',
  async (t) => {
    const first = planSeeds(topology, { host: 'host-c', seeds: {} });
    t.match(first.changes, [{ host: 'host-c', kind: 'seed', name: PATH, action: 'create' }]);
    const [step] = first.steps;
    const there = { [PATH]: step?.digest ?? '' };
    t.strictSame(planSeeds(topology, { host: 'host-c', seeds: there }), { changes: [], steps: [], remove: [] });
    t.match(planSeeds(topology, { host: 'host-c', seeds: { [PATH]: '' } }).changes, [{ action: 'update' }]);
    const old = '/var/lib/vxmig/seeds/plans/gone.iso';
    t.strictSame(planSeeds(topology, { host: 'host-c', seeds: { ...there, [old]: 'abc' } }).remove, [old]);
  },
);
