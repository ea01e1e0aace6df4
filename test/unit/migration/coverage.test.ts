import t from 'tap';
import { Clocks } from '../../../lib/migration/clocks.js';
import { unwatchedNics } from '../../../lib/migration/coverage.js';
import { Probes } from '../../../lib/migration/probes.js';
import type { Nic } from '../../../lib/model/topology.js';
import { topologyOf } from '../plan/hosts.js';
import { partsOf } from './run.js';

const TWO_NICS = topologyOf(
  [
    'nics: [{network: blue, mac: "52:54:00:09:00:01", address: [10.9.0.1/24, "fd00:9::1/64"]}]',
    'nics: [{network: blue, mac: "52:54:00:09:00:01", address: 10.9.0.1/24}, {network: grey, mac: ' +
      '"52:54:00:0a:00:01", address: 10.10.0.1/24}]',
  ],
  ['mtu: 1450}', 'mtu: 1450}\n  grey: {vni: 5002, cidr: 10.10.0.0/24}'],
  [
    '\nprobes:',
    '\n  db:\n    host: host-c\n    image: micro\n' +
      '    nics: [{network: grey, mac: "52:54:00:0a:00:02", address: 10.10.0.2/24}]\nprobes:\n' +
      '  - {from: host-c, to: db}',
  ],
);
const [WEB] = TWO_NICS.vms;
if (WEB === undefined) throw new Error('no VM');

const probesOf = (vm: string, othersMoving: readonly string[] = []) =>
  new Probes({ topology: TWO_NICS, vm, othersMoving, host: (name) => partsOf(name) }, new Clocks());
const ways = (probes: Probes) => probes.all.map(({ from, to, network }) => `${from} ${to} ${network}`);

t.test('a NIC whose link is down keeps nobody from moving its VM, and is named as unwatched', async (t) => {
  const probes = probesOf('web');
  t.same(ways(probes), ['host-c db grey', 'host-c web blue', 'host-c web grey']);
  const unlinked = ['52:54:00:0a:00:01'];
  probes.leave('web', unlinked, TWO_NICS);
  t.same(ways(probes), ['host-c db grey', 'host-c web blue'], 'what watches another VM stays');
  t.same(unwatchedNics(WEB, probes.all, unlinked), [
    { network: 'grey', mac: '52:54:00:0a:00:01', why: 'its link is down in the domain, and stays so' },
  ]);
});

t.test('what watches a VM that moves at the same time belongs to its own run', async (t) => {
  t.same(ways(probesOf('web', ['db'])), ['host-c web blue', 'host-c web grey']);
  t.same(ways(probesOf('db', ['web'])), ['host-c db grey']);
});

t.test('a NIC that no ping watches is named', async (t) => {
  t.match(unwatchedNics(WEB, [], []), [
    { network: 'blue', why: 'no probe watches the VM' },
    { network: 'grey', why: 'no probe watches the VM' },
  ]);
  const [, blue] = probesOf('web').all;
  const silent = { ...(WEB.nics[1] as Nic), addresses: [] };
  const vm = { ...WEB, nics: [WEB.nics[0] as Nic, silent] };
  t.match(unwatchedNics(vm, blue === undefined ? [] : [blue], []), [
    { network: 'grey', why: 'the file gives it no address to ping' },
  ]);
});
