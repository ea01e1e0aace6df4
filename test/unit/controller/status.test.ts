import t from 'tap';
import { Controller } from '../../../lib/controller/controller.js';
import { status, tunnelsAt } from '../../../lib/controller/status.js';
import { VxmigError } from '../../../lib/model/errors.js';
import { bridgeName, tapName } from '../../../lib/model/names.js';
import { parseFlow } from '../../../lib/openflow/text.js';
import { cookieOf } from '../../../lib/pipeline/cookie.js';
import { DROP_REASONS } from '../../../lib/pipeline/drop-reason.js';
import { appliedHosts, topologyOf, withHost } from '../plan/hosts.js';
import { Fleet } from './fleet.js';

const TOPOLOGY = topologyOf();
const BLUE = bridgeName(TOPOLOGY.name, 'blue');

function fleetOf(topology = TOPOLOGY): Fleet {
  const fleet = new Fleet(topology, appliedHosts(topology));
  for (const { name } of topology.hosts) fleet.shell(name).on(/for table in/);
  return fleet;
}

t.test('a fleet in order: hosts, tunnels and where each VM is', async (t) => {
  const fleet = fleetOf();
  const seen = await status(fleet.controller, []);
  t.match(seen, { ok: true, topology: 'plans', drops: [] });
  t.match(seen.hosts[0], { host: 'host-a', reachable: true, problem: '', openVSwitch: '3.1.0', bridges: [BLUE] });
  t.strictSame(seen.hosts[0]?.datapaths, ['system']);
  t.equal(seen.tunnels.length, 6, 'each of three hosts has one to each other one');
  t.match(seen.tunnels[0], {
    host: 'host-a',
    network: 'blue',
    remoteHost: 'host-b',
    remoteIp: '198.18.2.10',
    vni: '5001',
    ready: true,
  });
  t.strictSame(seen.vms, [{ vm: 'web', wanted: 'host-a', places: [{ host: 'host-a', state: 'running' }] }]);
  t.strictSame(fleet.done, []);
});

t.test('bridges of others are not told of', async (t) => {
  const fleet = fleetOf();
  fleet.change('host-a', ({ bridges }) => ({
    bridges: bridges.flatMap((bridge) => [bridge, { ...bridge, name: 'br-theirs', externalIds: {} }]),
  }));
  t.notOk((await status(fleet.controller, [])).hosts[0]?.bridges.includes('br-theirs'));
});

t.test('a host that is not reached is told with the reason, and the others are told all the same', async (t) => {
  const fleet = fleetOf();
  const rest = new Map([...fleet.controller.sessions].filter(([name]) => name !== 'host-b'));
  const failures = [{ host: 'host-b', error: new VxmigError('SSH_CONNECT', 'host-b is silent') }];
  const seen = await status(new Controller(TOPOLOGY, rest), failures);
  t.equal(seen.ok, false);
  t.match(seen.hosts, [
    { host: 'host-a', reachable: true, openVSwitch: '3.1.0' },
    { host: 'host-b', reachable: false, problem: 'host-b is silent', openVSwitch: null },
    { host: 'host-c', reachable: true },
  ]);
  t.strictSame(seen.hosts[1]?.bridges, []);
  t.equal(seen.tunnels.length, 4);
});

t.test('a VM that is at two hosts is told at both', async (t) => {
  const fleet = fleetOf();
  const [a] = fleet.states;
  fleet.change('host-c', () => ({
    domains: (a?.domains ?? []).map((domain) => ({ ...domain, state: 'paused' as const })),
  }));
  t.strictSame((await status(fleet.controller, [])).vms[0]?.places, [
    { host: 'host-a', state: 'running' },
    { host: 'host-c', state: 'paused' },
  ]);
});

t.test('what a switch has dropped is told with the VM and the reason', async (t) => {
  const fleet = fleetOf();
  const [a] = fleet.states;
  const tap = tapName(TOPOLOGY.name, 'web', 0);
  const port = a?.bridges.flatMap(({ ports }) => ports).find(({ name }) => name === tap)?.interface.ofport;
  const cookie = `0x${cookieOf('security', DROP_REASONS.mac.id).toString(16)}`;
  fleet
    .shell('host-a')
    .on(/for table in/, ` cookie=${cookie}, table=10, n_packets=7, priority=9,in_port=${port} actions=drop\n`);
  t.strictSame((await status(fleet.controller, [])).drops, [
    {
      host: 'host-a',
      network: 'blue',
      packets: 7,
      vm: 'web',
      by: 'port-security',
      reason: 'mac',
      says: DROP_REASONS.mac.says,
    },
  ]);
});

t.test(
  'a tunnel whose port the switch could not open is not ready; one that leads to many has all its ends',
  async (t) => {
    const dead = withHost(appliedHosts(TOPOLOGY), 'host-c', ({ bridges }) => ({
      bridges: bridges.map((bridge) => ({
        ...bridge,
        ports: bridge.ports.map((port) => ({ ...port, interface: { ...port.interface, ofport: -1 } })),
      })),
    }));
    t.strictSame(
      tunnelsAt(TOPOLOGY, dead).flatMap(({ host, ready }) => (ready ? [] : [host])),
      ['host-c', 'host-c'],
    );
    const shared = topologyOf(['mtu: 1450}', 'mtu: 1450, mesh: flow}']);
    const tunnels = tunnelsAt(shared, appliedHosts(shared));
    t.strictSame(
      tunnels.filter(({ host }) => host === 'host-a').map(({ remoteHost, remoteIp }) => [remoteHost, remoteIp]),
      [
        ['host-b', '198.18.2.10'],
        ['host-c', '198.18.2.11'],
      ],
    );
  },
);

t.test('where tables have a VM', async (t) => {
  const fleet = fleetOf();
  const entry = (ofport: number) =>
    parseFlow(
      'cookie=0x767800ff00000000, table=50, priority=1, dl_dst=52:54:00:09:00:01 ' +
        `actions=load:${ofport}->NXM_NX_REG1[0..15]`,
    );
  fleet.change('host-b', ({ bridges }) => ({
    bridges: bridges.map((bridge) => {
      const port = bridge.ports.find(({ externalIds }) => Object.values(externalIds).includes('host-a'));
      return bridge.name === BLUE ? { ...bridge, flows: [entry(port?.interface.ofport ?? 0)] } : bridge;
    }),
  }));
  const { fdb } = await status(fleet.controller, []);
  t.strictSame(
    fdb.map(({ host, vm, seen }) => [host, vm, seen]),
    [
      ['host-a', 'web', null],
      ['host-b', 'web', 'host-a'],
      ['host-c', 'web', null],
    ],
  );
});
