import t from 'tap';
import { rarpAnnouncement } from '../../lib/frames/arp.js';
import { toHex } from '../../lib/frames/frame.js';
import { OPENFLOW_VERSION, parseFlows, renderFlow } from '../../lib/openflow/text.js';
import { parseTrace } from '../../lib/openflow/trace.js';
import { cookieOf } from '../../lib/pipeline/cookie.js';
import { DROP_REASONS } from '../../lib/pipeline/drop-reason.js';
import { fdbEntries } from '../../lib/pipeline/fdb.js';
import { bridgeFlows } from '../../lib/pipeline/flows.js';
import { lateArrivalFlow, redirectFlows } from '../../lib/pipeline/redirect.js';
import { OvsSandbox, whyNoSwitch } from './ovs-sandbox.js';

/** One host’s bridge, of a network that goes by one tunnel port, in a real switch that sends nothing anywhere. */
const BRIDGE = 'overlay';
const [TUNNEL, VM, OTHER_VM] = [9, 201, 202];
const WEB = '52:54:00:09:00:01';
const PEER = '52:54:00:00:00:0c';
const FAMILIES = {
  IPv4: { field: 'tun', near: '198.18.1.10', b: '198.18.2.10', c: '198.18.2.11', stranger: '198.18.9.9' },
  IPv6: { field: 'tun_ipv6', near: 'fd00:1::10', b: 'fd00:2::10', c: 'fd00:2::11', stranger: 'fd00:9::9' },
} as const;

const ovs = new OvsSandbox();
t.teardown(() => ovs.destroy());

t.test('a tunnel port that leads to many, in a real switch', { skip: whyNoSwitch() }, async (t) => {
  await ovs.startDatabase();
  await ovs.startSwitch();
  await ovs.vsctl('add-br', BRIDGE, '--', 'set', 'bridge', BRIDGE, 'datapath_type=netdev', 'fail_mode=secure');
  for (const port of [VM, OTHER_VM]) {
    const name = `vm-${port}`;
    await ovs.vsctl(
      ...['add-port', BRIDGE, name, '--', 'set', 'interface', name, 'type=internal', `ofport_request=${port}`],
    );
  }
  const options = ['type=vxlan', 'options:remote_ip=flow', 'options:key=5001', `ofport_request=${TUNNEL}`];
  await ovs.vsctl('add-port', BRIDGE, 'vx', '--', 'set', 'interface', 'vx', ...options);

  for (const [family, { field, near, ...hosts }] of Object.entries(FAMILIES)) {
    const [b, c] = [hosts.b, hosts.c].map((remote) => ({ ofport: TUNNEL, remote }));
    if (b === undefined || c === undefined) throw new Error('two other hosts');
    const add = async (flows: Parameters<typeof renderFlow>[0][]) => {
      const lines = flows.map((flow) => `add ${renderFlow(flow)}\n`).join('');
      await ovs.ofctl(['-O', OPENFLOW_VERSION, '--bundle', 'add-flows', BRIDGE, '-'], lines);
    };
    const dumped = async () =>
      parseFlows(await ovs.ofctl(['-O', OPENFLOW_VERSION, '--no-names', '--no-stats', 'dump-flows', BRIDGE]));
    const locals = [VM, OTHER_VM].map((ofport) => ({ ofport, incoming: null, security: null }));
    const planned = bridgeFlows({
      tunnels: [b, c],
      locals,
      relays: false,
      vteps: [],
      carriers: [],
      access: { network: [], sender: [], receiver: [] },
    });
    const install = async () => {
      await ovs.ofctl(['-O', OPENFLOW_VERSION, 'del-flows', BRIDGE]);
      await add(planned);
    };
    const outOf = (remote: string) => `in_port=${TUNNEL},${field}_src=${remote},${field}_dst=${near}`;
    /** A frame comes out of a tunnel, and what it teaches the switch stays. */
    const comes = async (remote: string, frame: Uint8Array) => {
      const actions = `set_field:${remote}->${field}_src,set_field:${near}->${field}_dst,resubmit(${TUNNEL},0)`;
      const packetOut = `in_port=${TUNNEL},packet=${toHex(frame)},actions=${actions}`;
      await ovs.ofctl(['-O', OPENFLOW_VERSION, 'packet-out', BRIDGE, packetOut]);
    };
    const sends = async (port: number, frame: Uint8Array) => {
      const packetOut = `in_port=${port},packet=${toHex(frame)},actions=table`;
      await ovs.ofctl(['-O', OPENFLOW_VERSION, 'packet-out', BRIDGE, packetOut]);
    };
    const traced = async (from: string, to: string) => {
      const text = await ovs.appctl('ofproto/trace', BRIDGE, `${from},dl_src=${PEER},dl_dst=${to}`);
      const trace = parseTrace(text);
      if (trace === null) throw new Error(text);
      return trace;
    };
    const leaves = async (from: string, to: string) => (await traced(from, to)).outputs;
    const tap = (ofport: number) => ({ ofport, remote: null });

    await t.test(`flows over ${family} are read back as they were written`, async (t) => {
      await install();
      const there = (await dumped()).map((flow) => renderFlow(flow));
      t.same(there.sort(), planned.map((flow) => renderFlow(flow)).sort());
    });

    await t.test(`a broadcast goes to every host once, one that came from a host to none (${family})`, async (t) => {
      await install();
      t.same(await leaves(`in_port=${VM}`, 'ff:ff:ff:ff:ff:ff'), [tap(OTHER_VM), b, c]);
      t.same(await leaves(outOf(hosts.b), 'ff:ff:ff:ff:ff:ff'), [tap(VM), tap(OTHER_VM)]);
    });

    await t.test(
      `who is behind the port is learned with the host, and follows a VM to another (${family})`,
      async (t) => {
        await install();
        for (const { remote } of [b, c]) {
          await comes(remote, rarpAnnouncement(WEB));
          const web = { mac: WEB, ofport: TUNNEL, remote, isFar: true };
          t.same(fdbEntries(await dumped()), [web]);
          t.same(await leaves(`in_port=${VM}`, WEB), [{ ofport: TUNNEL, remote }]);
        }
      },
    );

    await t.test(`from a host that the network does not have nothing is taken (${family})`, async (t) => {
      await install();
      await comes(hosts.stranger, rarpAnnouncement(WEB));
      t.same(fdbEntries(await dumped()), [], 'nor learned');
      const { outputs, lastFlow } = await traced(outOf(hosts.stranger), 'ff:ff:ff:ff:ff:ff');
      t.same(outputs, []);
      t.match(lastFlow, `cookie 0x${cookieOf('security', DROP_REASONS.endpoint.id).toString(16)}`);
    });

    await t.test(`a late frame goes on by the port that it came in, and never back (${family})`, async (t) => {
      await install();
      await comes(hosts.b, rarpAnnouncement(WEB));
      t.same(await leaves(outOf(hosts.c), WEB), [], 'split horizon, where the VM has not lived');
      await sends(VM, rarpAnnouncement(WEB));
      await comes(hosts.b, rarpAnnouncement(WEB));
      t.same(await leaves(outOf(hosts.c), WEB), [b]);
      t.same(await leaves(outOf(hosts.b), WEB), [], 'not to the host that it came from');
    });

    await t.test(`what is sent ahead goes to the new host, from wherever it comes (${family})`, async (t) => {
      await install();
      await sends(VM, rarpAnnouncement(WEB));
      await add(redirectFlows(WEB, b).map((flow) => ({ ...flow, hardTimeoutSeconds: 60 })));
      for (const from of [`in_port=${OTHER_VM}`, outOf(hosts.b), outOf(hosts.c)]) t.same(await leaves(from, WEB), [b]);
    });

    await t.test(
      `what comes late from its old host goes to the tap, and from that host only (${family})`,
      async (t) => {
        await install();
        await comes(hosts.c, rarpAnnouncement(WEB));
        await add([lateArrivalFlow(WEB, b, VM)]);
        t.same(await leaves(outOf(hosts.b), WEB), [tap(VM)]);
        t.same(await leaves(outOf(hosts.c), WEB), []);
      },
    );
  }
});
