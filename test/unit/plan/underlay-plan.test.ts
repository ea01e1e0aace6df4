import t from 'tap';
import type { ObservedLink } from '../../../lib/model/kernel-state.js';
import { tapName } from '../../../lib/model/names.js';
import type { ObservedHost } from '../../../lib/plan/observed.js';
import { BY_FLOWS_ALONE } from '../../../lib/plan/switching.js';
import { releaseUnderlay } from '../../../lib/plan/underlay-plan.js';
import { executed, planDestroy } from './executed.js';
import {
  after,
  appliedHosts,
  freshHost,
  freshHosts,
  planned,
  summary,
  topologyOf,
  USERSPACE,
  withHost,
} from './hosts.js';

const TOPOLOGY = topologyOf();
/** Another one on the same hosts. */
const OTHER = { ...topologyOf(['vni: 5001', 'vni: 5009']), name: 'other', vms: [], probes: [] };

function hostB(hosts: readonly ObservedHost[]): ObservedHost {
  const [, b] = hosts;
  if (b === undefined) throw new Error('no host-b');
  return b;
}

function linkOf(host: ObservedHost, name: string) {
  return host.links.find((link) => link.name === name);
}

/** A host after the topology was taken off its underlay bridge. */
function released(topology: string, host: ObservedHost): ObservedHost {
  const { ovs, prepare } = releaseUnderlay(topology, host);
  const nothing = {
    changes: [],
    settle: [],
    flows: [],
    domains: [],
    remove: { domains: [], prepare: [], ovs: [], commands: [] },
  };
  return executed(
    { ...nothing, host: host.host, prepare: [], ovs: [], remove: { ...nothing.remove, prepare, ovs } },
    host,
  );
}

t.test('the userspace datapath gets the address of the underlay device on a bridge', async (t) => {
  const before = hostB(freshHosts(TOPOLOGY));
  const b = hostB(appliedHosts(TOPOLOGY, USERSPACE));
  t.strictSame(linkOf(b, 'eth0')?.addresses, []);
  t.strictSame(linkOf(b, 'br-phy')?.addresses, linkOf(before, 'eth0')?.addresses);
  t.match(linkOf(b, 'br-phy'), { up: true, mtu: 1600 }, 'with the MTU of its segment');
  t.match(
    b.bridges.find(({ name }) => name === 'br-phy')?.otherConfig,
    { hwaddr: '02:00:00:00:00:02' },
    'and the MAC that neighbours know',
  );
  t.strictSame(
    b.routes
      .filter(({ gateway }) => gateway !== null)
      .map(({ destination, device, protocol, metric }) => [destination, device, protocol, metric]),
    [
      ['198.18.0.0/16', 'br-phy', null, null],
      ['fd00::/16', 'br-phy', 'static', 512],
    ],
    'routes through it go along as they were',
  );
  t.strictSame(b.nftTables, ['vxmig_underlay'], 'and the kernel no longer answers on the device');
});

t.test('the kernel datapath needs none of it', async (t) => {
  const b = hostB(appliedHosts(TOPOLOGY));
  t.notOk(linkOf(b, 'br-phy'));
  t.strictSame(b.nftTables, []);
});

t.test('it refuses to cut its own SSH connection', async (t) => {
  const hosts = withHost(freshHosts(TOPOLOGY), 'host-b', () => ({ sshAddress: '198.18.2.10' }));
  t.throws(() => planned(TOPOLOGY, hosts, USERSPACE), {
    code: 'HOST_UNFIT',
    message: /moving eth0's addresses .* cut the SSH connection to host-b/,
  });
  t.doesNotThrow(() => planned(TOPOLOGY, hosts), 'where nothing has to be moved it is no matter');
});

t.test('an address that no device has is told', async (t) => {
  const hosts = [
    freshHost('host-a', '198.18.1.10'),
    freshHost('host-b', '198.18.2.77'),
    freshHost('host-c', '198.18.2.11'),
  ];
  t.throws(() => planned(TOPOLOGY, hosts, USERSPACE), {
    code: 'HOST_UNFIT',
    message: /no device on host-b has the VTEP address 198\.18\.2\.10/,
  });
});

t.test(
  'an address on a device that carries no frames of the underlay is told before anything is changed',
  async (t) => {
    const lo = { name: 'lo', mac: '00:00:00:00:00:00', mtu: 65536, up: true, kind: null, alias: null };
    const moved = (device: Partial<ObservedLink>) =>
      withHost(freshHosts(TOPOLOGY), 'host-b', ({ links }) => ({
        links: [
          { ...lo, ...device, addresses: ['198.18.2.10/32'] },
          ...links.map((link) => (link.name === 'eth0' ? { ...link, addresses: ['198.18.2.210/24'] } : link)),
        ],
      }));
    for (const device of [{}, { name: 'vtep0', kind: 'dummy' }]) {
      const name = device.name ?? 'lo';
      t.throws(() => planned(TOPOLOGY, moved(device), USERSPACE), {
        code: 'HOST_UNFIT',
        message: `the VTEP address 198.18.2.10 of host-b is on ${name}, which`,
        hint: /modprobe openvswitch.*; there are: mgmt \(192\.0\.2\.7\/24\); eth0 \(198\.18\.2\.210\/24\)/,
        where: `host-b ${name}`,
      });
      t.doesNotThrow(() => planned(TOPOLOGY, moved(device)), 'the kernel’s datapath sends from any device');
    }
  },
);

t.test('a controller or STP on the underlay bridge is taken away', async (t) => {
  const hosts = withHost(appliedHosts(TOPOLOGY, USERSPACE), 'host-b', ({ bridges }) => ({
    bridges: bridges.map((one) =>
      one.name === 'br-phy' ? { ...one, switching: { ...BY_FLOWS_ALONE, stp: true } } : one,
    ),
  }));
  const plan = planned(TOPOLOGY, hosts, USERSPACE);
  t.match(plan.changes, [{ host: 'host-b', kind: 'underlay', action: 'update', why: /STP/ }]);
  t.same(planned(TOPOLOGY, after(plan, hosts), USERSPACE).changes, []);
});

t.test('a bridge of that name that is somebody else’s stays untouched', async (t) => {
  const theirs = {
    uuid: 'theirs',
    name: 'br-phy',
    datapathType: 'netdev',
    failMode: null,
    externalIds: {},
    otherConfig: {},
    tableNames: {},
    mtuRequest: null,
    switching: BY_FLOWS_ALONE,
    ports: [],
    flows: [],
  };
  const hosts = withHost(freshHosts(TOPOLOGY), 'host-b', () => ({ bridges: [theirs] }));
  t.throws(() => planned(TOPOLOGY, hosts, USERSPACE), { code: 'CLASH', where: 'host-b br-phy' });
});

t.test('an address that the admin has put on a bridge already is fine there', async (t) => {
  const theirs = {
    uuid: 'theirs',
    name: 'br-ex',
    datapathType: 'netdev',
    failMode: null,
    externalIds: {},
    otherConfig: {},
    tableNames: {},
    mtuRequest: null,
    switching: BY_FLOWS_ALONE,
    ports: [],
    flows: [],
  };
  const hosts = withHost(freshHosts(TOPOLOGY), 'host-b', ({ links }) => ({
    bridges: [theirs],
    links: links.map((link) => (link.name === 'eth0' ? { ...link, name: 'br-ex' } : link)),
  }));
  t.strictSame(
    planned(TOPOLOGY, hosts, USERSPACE).changes.filter(({ host, kind }) => host === 'host-b' && kind === 'underlay'),
    [],
  );
});

t.test('a second topology signs in, and the last one that leaves gives the addresses back', async (t) => {
  const first = appliedHosts(TOPOLOGY, USERSPACE);
  const plan = planned(OTHER, first, USERSPACE);
  t.match(
    plan.changes.filter(({ kind }) => kind === 'underlay').map(({ why }) => why),
    ['this topology uses it too', 'this topology uses it too', 'this topology uses it too'],
  );
  const both = hostB(after(plan, first));
  t.match(releaseUnderlay('plans', both).change, { action: 'update' });
  const one = released('plans', both);
  t.ok(linkOf(one, 'br-phy'), 'the other one still uses it');
  t.strictSame(releaseUnderlay('plans', one).change, null, 'leaving twice changes nothing');
  t.match(releaseUnderlay('other', one).change, { action: 'delete' });
  const none = released('other', one);
  t.notOk(linkOf(none, 'br-phy'));
  t.strictSame(linkOf(none, 'eth0')?.addresses, linkOf(hostB(freshHosts(TOPOLOGY)), 'eth0')?.addresses);
});

t.test('a destroy that is cut off anywhere leaves enough to end it', async (t) => {
  const host = hostB(appliedHosts(TOPOLOGY, USERSPACE));
  const { remove } = planDestroy(TOPOLOGY.name, host);
  const part = { host: host.host, changes: [], prepare: [], ovs: [], settle: [], flows: [], domains: [] };
  for (let done = 0; done <= remove.prepare.length; done++) {
    const first = { ...remove, prepare: remove.prepare.slice(0, done), ovs: [], commands: [] };
    const cut = executed({ ...part, remove: first }, host);
    const again = planDestroy(TOPOLOGY.name, cut);
    t.ok(
      again.changes.some(({ kind }) => kind === 'underlay'),
      'the bridge still tells that it is to go',
    );
    const left = executed({ ...part, remove: again.remove }, cut);
    t.notOk(linkOf(left, 'br-phy'));
    t.strictSame(linkOf(left, 'eth0')?.addresses, linkOf(hostB(freshHosts(TOPOLOGY)), 'eth0')?.addresses);
  }
});

t.test('destroy leaves a host as it was, whatever else is there', async (t) => {
  for (const host of appliedHosts(TOPOLOGY, USERSPACE)) {
    const { remove, changes } = planDestroy(TOPOLOGY.name, host);
    t.ok(changes.every(({ action }) => action === 'delete'));
    const left = executed(
      { host: host.host, changes, prepare: [], ovs: [], settle: [], flows: [], domains: [], remove },
      host,
    );
    const fresh = freshHosts(TOPOLOGY).find((candidate) => candidate.host === host.host);
    t.strictSame(
      { ...left, nftTables: [], links: left.links.map((link) => ({ ...link, mtu: 1500 })), routes: [] },
      { ...fresh, routes: [] },
    );
  }
  const [a] = appliedHosts(TOPOLOGY);
  t.strictSame(a && planDestroy('other', a).changes, [], 'what another topology has made is not its business');
});

t.test(
  'a switch that does not follow the kernel gets the routes of its underlay, keeps them, and loses them at the end',
  async (t) => {
    const facts = { ...USERSPACE, switchRoutesFollowKernel: false };
    const fresh = freshHosts(TOPOLOGY).map((host) => ({ ...host, switchRoutes: { followKernel: false, added: [] } }));
    const hosts = after(planned(TOPOLOGY, fresh, facts), fresh);
    const wanted = [
      { destination: '198.18.2.0/24', device: 'br-phy', gateway: null },
      { destination: 'fd00:2::/64', device: 'br-phy', gateway: null },
      { destination: '198.18.0.0/16', device: 'br-phy', gateway: '198.18.2.1' },
      { destination: 'fd00::/16', device: 'br-phy', gateway: 'fd00:2::1' },
    ];
    t.strictSame(hostB(hosts).switchRoutes.added, wanted);
    t.strictSame(planned(TOPOLOGY, hosts, facts).changes, [], 'then nothing is left to do');
    const tunnels = hostB(hosts).bridges.flatMap(({ ports }) =>
      ports.filter((port) => port.interface.type === 'vxlan'),
    );
    t.ok(
      tunnels.length > 0 && tunnels.every((port) => port.interface.options.local_ip === undefined),
      'tunnels do not name an address that the switch does not know as its own',
    );

    const restarted = withHost(hosts, 'host-b', () => ({ switchRoutes: { followKernel: false, added: [] } }));
    const plan = planned(TOPOLOGY, restarted, facts);
    t.match(plan.changes, [
      { host: 'host-b', kind: 'underlay', action: 'update', why: /lacks its routes: 198\.18\.2\.0\/24/ },
    ]);
    t.strictSame(
      hostB(after(plan, restarted)).switchRoutes.added,
      wanted,
      'ovs-vswitchd forgets them when it restarts',
    );

    t.strictSame(released('plans', hostB(hosts)).switchRoutes.added, []);
  },
);

t.test('what the kernel has is not added to a switch that follows it', async (t) => {
  t.strictSame(hostB(appliedHosts(TOPOLOGY, USERSPACE)).switchRoutes.added, []);
});

t.test('what a guest sends does not reach the host’s own network stack, which would be past every flow', async (t) => {
  const tap = tapName(TOPOLOGY.name, 'web', 0);
  const barrier = `vxmig_plans.${tap.replaceAll('-', '_')}`;
  const hosts = appliedHosts(TOPOLOGY, USERSPACE);
  const [a] = hosts;
  t.strictSame(a?.nftTables.includes(barrier), true);
  const open = withHost(hosts, 'host-a', (host) => ({ nftTables: host.nftTables.filter((name) => name !== barrier) }));
  const plan = planned(TOPOLOGY, open, USERSPACE);
  t.strictSame(summary(plan), ['host-a tap-device update']);
  t.match(plan.changes[0]?.why, /the host's own network stack takes what the VM sends/);
  t.strictSame(summary(planned(TOPOLOGY, after(plan, open), USERSPACE)), [], 'and fixes it');
});
