import t from 'tap';
import type { Topology } from '../../../lib/model/topology.js';
import { set } from '../../../lib/openflow/action.js';
import { wholeField } from '../../../lib/openflow/field.js';
import type { Flow } from '../../../lib/openflow/flow.js';
import { match } from '../../../lib/openflow/match.js';
import { parseValue } from '../../../lib/openflow/value.js';
import { outPort, toTunnel } from '../../../lib/pipeline/bits.js';
import { cookieOf } from '../../../lib/pipeline/cookie.js';
import { tableNumber } from '../../../lib/pipeline/tables.js';
import type { ObservedHost } from '../../../lib/plan/observed.js';
import { after, appliedHosts, freshHosts, planned, summary, topologyOf, withHost } from './hosts.js';

const TOPOLOGY = topologyOf();
const BY_ONE_PORT = topologyOf(['vni: 5001', 'vni: 5001, mesh: flow']);

t.test('a mesh by one port: a tunnel port on each host, whatever they are', async (t) => {
  const plan = planned(BY_ONE_PORT, freshHosts(TOPOLOGY));
  t.strictSame(
    summary(plan).filter((line) => line.includes('tunnel')),
    ['host-a', 'host-b', 'host-c'].map((host) => `${host} tunnel create`),
  );
  const [hostA] = plan.hosts;
  const [port] =
    hostA?.ovs.flatMap((change) =>
      change.kind === 'add-port' && change.columns.type === 'vxlan' ? [change.columns] : [],
    ) ?? [];
  t.strictSame(port?.options, { remote_ip: 'flow', local_ip: '198.18.1.10', key: '5001' });
});

t.test(
  'a mesh becomes one by one port: tunnels that would take its frames go at once; the other way they go last',
  async (t) => {
    const there = (topology: Topology, hosts: readonly ObservedHost[]) => {
      const [host] = planned(topology, hosts).hosts;
      return { ovs: host?.ovs.map(({ kind }) => kind), removed: host?.remove.ovs.map(({ kind }) => kind) };
    };
    const full = appliedHosts(TOPOLOGY);
    t.strictSame(there(BY_ONE_PORT, full), { ovs: ['add-port', 'delete-port', 'delete-port'], removed: [] });
    const flow = after(planned(BY_ONE_PORT, full), full);
    t.strictSame(planned(BY_ONE_PORT, flow).changes, []);
    t.strictSame(there(TOPOLOGY, flow), { ovs: ['add-port', 'add-port'], removed: ['delete-port'] });
    t.strictSame(planned(TOPOLOGY, after(planned(TOPOLOGY, flow), flow)).changes, []);
  },
);

t.test('what was learned goes where its way does not lead to the VM, or nowhere any more', async (t) => {
  const learned = (mac: string, ofport: number, remote: string): Flow => ({
    table: tableNumber('fdb'),
    cookie: cookieOf('learned'),
    priority: 1,
    match: match({ eth_dst: mac }),
    actions: [set(wholeField('tun_dst'), parseValue('tun_dst', remote)), set(outPort, ofport), set(toTunnel, 1)],
  });
  const [web, other] = ['52:54:00:09:00:01', '02:00:00:00:00:01'];
  const why = (...flows: readonly Flow[]) => {
    const hosts = withHost(appliedHosts(BY_ONE_PORT), 'host-c', ({ bridges }) => ({
      bridges: bridges.map((bridge) => ({ ...bridge, flows: [...bridge.flows, ...flows] })),
    }));
    return planned(BY_ONE_PORT, hosts).changes.map((one) => one.why);
  };
  t.strictSame(why(learned(web, 1, '198.18.1.10'), learned(other, 1, '198.18.2.10')), []);
  t.strictSame(
    why(learned(web, 1, '198.18.2.10')),
    ['1 learned that lead astray'],
    'to another host by the same port',
  );
  t.strictSame(why(learned(other, 1, '198.18.9.9')), ['1 learned that lead astray'], 'to a host that there is not');
  t.strictSame(why(learned(other, 7, '198.18.2.10')), ['1 learned that lead astray'], 'by a port that there is not');
});
