import t from 'tap';
import type { ObservedHost } from '../../../lib/plan/observed.js';
import { BY_FLOWS_ALONE } from '../../../lib/plan/switching.js';
import { appliedHosts, planned, topologyOf, USERSPACE, withHost } from './hosts.js';

const TOPOLOGY = topologyOf();
const PEER = '198.18.2.10';

/** With a tunnel of somebody else's on host-a. */
function besideTunnel(
  options: Readonly<Record<string, string>>,
  given: { type?: string; owner?: string } = {},
): ObservedHost[] {
  const { type = 'vxlan', owner } = given;
  const externalIds = owner === undefined ? {} : { 'vxmig-topology': owner };
  const port = {
    uuid: 'p',
    name: 'vx hand',
    externalIds,
    interface: { uuid: 'i', type, options, ofport: 1, ofportRequest: null, error: null },
  };
  const bridge = {
    uuid: 'b',
    name: 'br-tun',
    datapathType: 'netdev',
    failMode: null,
    externalIds,
    otherConfig: {},
    tableNames: {},
    mtuRequest: null,
    switching: BY_FLOWS_ALONE,
    ports: [port],
    flows: [],
  };
  return withHost(appliedHosts(TOPOLOGY, USERSPACE), 'host-a', ({ bridges }) => ({ bridges: [...bridges, bridge] }));
}

t.test('a tunnel that takes our frames, or loses its own to us, is named with bridge and port', async (t) => {
  for (const options of [
    { remote_ip: PEER, key: '5001' },
    { remote_ip: PEER, key: '5001', local_ip: '198.18.1.10' },
    { remote_ip: PEER, in_key: '5001', out_key: '7' },
    { remote_ip: PEER, key: '5001', dst_port: '4789' },
    { remote_ip: 'flow', key: '5001' },
    { remote_ip: 'flow', key: '5001', local_ip: 'flow' },
  ]) {
    t.throws(
      () => planned(TOPOLOGY, besideTunnel(options), USERSPACE),
      {
        code: 'CLASH',
        message: /^the port vx hand in the bridge br-tun on host-a is a VXLAN tunnel with VNI 5001 to .* network blue/,
        hint: /`ovs-vsctl del-port br-tun 'vx hand'` on host-a removes it; else give network blue another `vni:`/,
        where: 'host-a br-tun vx hand',
      },
      JSON.stringify(options),
    );
  }
});

t.test('another topology’s is never to be removed by hand', async (t) => {
  t.throws(() => planned(TOPOLOGY, besideTunnel({ remote_ip: PEER, key: '5001' }, { owner: 'other' }), USERSPACE), {
    message: /of topology other/,
    hint: /^Give network blue another `vni:`/,
  });
});

t.test('tunnels that get other frames are let be', async (t) => {
  for (const options of [
    { remote_ip: PEER, key: '5002' },
    { remote_ip: PEER, key: 'flow' },
    { remote_ip: 'flow', key: 'flow' },
    { remote_ip: PEER },
    { remote_ip: '198.18.2.99', key: '5001' },
    { remote_ip: PEER, key: '5001', local_ip: '192.0.2.7' },
    { remote_ip: PEER, key: '5001', dst_port: '8472' },
  ])
    t.same(planned(TOPOLOGY, besideTunnel(options), USERSPACE).changes, [], JSON.stringify(options));
  t.same(planned(TOPOLOGY, besideTunnel({ remote_ip: PEER, key: '5001' }, { type: 'geneve' }), USERSPACE).changes, []);
});

t.test('a VXLAN device of the kernel has the port where Open vSwitch wants it from the kernel', async (t) => {
  const device = { name: 'vx0', mac: '', mtu: 1450, up: true, kind: 'vxlan', alias: null, addresses: [] };
  const beside = (port: number, facts?: typeof USERSPACE) =>
    withHost(appliedHosts(TOPOLOGY, facts), 'host-a', ({ links }) => ({
      links: [...links, { ...device, udpPort: port }],
    }));
  t.throws(() => planned(TOPOLOGY, beside(4789)), {
    code: 'CLASH',
    message: /the VXLAN device vx0 on host-a has UDP port 4789/,
    hint: /`ip link delete vx0` on host-a/,
  });
  t.same(planned(TOPOLOGY, beside(8472)).changes, []);
  t.same(planned(TOPOLOGY, beside(4789, USERSPACE), USERSPACE).changes, [], 'in userspace it hears nothing');
});

t.test('a controller, STP and what else forwards without our flows is taken off our bridges', async (t) => {
  const hosts = withHost(appliedHosts(TOPOLOGY), 'host-a', ({ bridges }) => ({
    bridges: bridges.map((bridge) => ({
      ...bridge,
      switching: {
        controllers: ['tcp:192.0.2.1:6653'],
        stp: true,
        rstp: true,
        multicastSnooping: true,
        protocols: ['OpenFlow10'],
      },
    })),
  }));
  const { changes } = planned(TOPOLOGY, hosts);
  t.match(changes, [{ host: 'host-a', kind: 'bridge', action: 'update' }]);
  for (const word of [
    'a controller (tcp:192.0.2.1:6653), which may replace its flows',
    'STP on',
    'RSTP',
    'snooping',
    'OpenFlow10',
  ])
    t.match(changes[0]?.why, word);
});
