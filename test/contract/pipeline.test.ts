import t from 'tap';
import { gratuitousArp, rarpAnnouncement } from '../../lib/frames/arp.js';
import { ethernet, toHex } from '../../lib/frames/frame.js';
import { OPENFLOW_VERSION, renderFlow } from '../../lib/openflow/text.js';
import type { BridgeFacts } from '../../lib/pipeline/facts.js';
import { bridgeFlows } from '../../lib/pipeline/flows.js';
import { destinationRedirectFlows, lateArrivalFlow, redirectFlows } from '../../lib/pipeline/redirect.js';
import { tableNumber } from '../../lib/pipeline/tables.js';
import { OvsSandbox, whyNoSwitch } from './ovs-sandbox.js';

/**
 * Three hosts as three bridges of one real switch, patch ports for tunnels: the switch itself then traces a frame all
 * the way through the mesh, to the internal ports (VMs) that get it.
 */
const HOSTS = ['a', 'b', 'c'] as const;
type HostName = (typeof HOSTS)[number];
const VM_PORT = 201;
const WEB = '52:54:00:09:00:01';
const NEIGHBOUR_PORT = 202;
/** By the numbers of their ports. */
const TO_FIRST = { ofport: 1, remote: null };
const TO_BOTH = [TO_FIRST, { ofport: 2, remote: null }];
const VM_THERE = { ofport: VM_PORT, incoming: null, security: null };
const VM_ON_ITS_WAY = { ...VM_THERE, incoming: { macs: ['52:54:00:09:00:01'], tunnel: TO_FIRST } };
const NEIGHBOUR = { ...VM_THERE, ofport: NEIGHBOUR_PORT };
const OPEN: Pick<BridgeFacts, 'vteps' | 'carriers' | 'access'> = {
  vteps: [],
  carriers: [],
  access: { network: [], sender: [], receiver: [] },
};
const PEER = '52:54:00:00:00:0c';

const ovs = new OvsSandbox();
t.teardown(() => ovs.destroy());

async function install(host: HostName, facts: Omit<BridgeFacts, keyof typeof OPEN>): Promise<void> {
  await ovs.ofctl(['-O', OPENFLOW_VERSION, 'del-flows', host]);
  const lines = bridgeFlows({ ...OPEN, ...facts }).map((flow) => `add ${renderFlow(flow)}\n`);
  await ovs.ofctl(['-O', OPENFLOW_VERSION, '--bundle', 'add-flows', host, '-'], lines.join(''));
}

async function fullMesh(): Promise<void> {
  for (const host of HOSTS) await install(host, { tunnels: TO_BOTH, locals: [VM_THERE], relays: false });
}

/** The VM at `host` sends; what it teaches the switches stays. */
async function send(host: HostName, frame: Uint8Array): Promise<void> {
  await ovs.ofctl([
    '-O',
    OPENFLOW_VERSION,
    'packet-out',
    host,
    `in_port=${VM_PORT},packet=${toHex(frame)},actions=table`,
  ]);
}

/** Who gets a frame that the VM at `host` sends (or that comes in at `port`); traced, so that nothing is learned. */
async function receivers(host: HostName, destination: string, port = VM_PORT, source = PEER): Promise<string[]> {
  const trace = await ovs.appctl('ofproto/trace', host, `in_port=${port},dl_src=${source},dl_dst=${destination}`);
  const actions = /^Datapath actions: (.*)$/m.exec(trace)?.[1] ?? '';
  const ports = new Map<string, string>();
  for (const line of (await ovs.appctl('dpif/show')).split('\n')) {
    const [, name = '', datapathPort = ''] = /^\s+(vm-\w+) \d+\/(\d+):/.exec(line) ?? [];
    if (name !== '') ports.set(datapathPort, name);
  }
  return actions === 'drop'
    ? []
    : actions
        .split(',')
        .map((action) => ports.get(action) ?? action)
        .sort();
}

t.test('the pipeline in a real switch', { skip: whyNoSwitch() }, async (t) => {
  await ovs.startDatabase();
  await ovs.startSwitch();
  const patches: Record<HostName, [string, string]> = { a: ['b', 'c'], b: ['a', 'c'], c: ['a', 'b'] };
  for (const host of HOSTS) {
    await ovs.vsctl('add-br', host, '--', 'set', 'bridge', host, 'datapath_type=netdev', 'fail_mode=secure');
    await ovs.vsctl(
      'add-port',
      host,
      `vm-${host}`,
      '--',
      'set',
      'interface',
      `vm-${host}`,
      'type=internal',
      `ofport_request=${VM_PORT}`,
    );
    for (const [index, peer] of patches[host].entries()) {
      const port = `${host}-${peer}`;
      const settings = ['type=patch', `options:peer=${peer}-${host}`, `ofport_request=${index + 1}`];
      await ovs.vsctl('add-port', host, port, '--', 'set', 'interface', port, ...settings);
    }
  }

  await t.test('a broadcast reaches everybody else once: the mesh has no loop', async (t) => {
    await fullMesh();
    t.strictSame(await receivers('a', 'ff:ff:ff:ff:ff:ff'), ['vm-b', 'vm-c']);
    t.strictSame(await receivers('b', 'ff:ff:ff:ff:ff:ff'), ['vm-a', 'vm-c']);
  });

  await t.test('an unknown unicast is flooded, also when the table has forgotten an idle VM', async (t) => {
    await fullMesh();
    t.strictSame(await receivers('c', WEB), ['vm-a', 'vm-b']);
  });

  await t.test('one announcement moves every table; late frames go on from the old host to the new one', async (t) => {
    await fullMesh();
    await send('a', rarpAnnouncement(WEB));
    t.strictSame(await receivers('c', WEB), ['vm-a']);
    await send('b', gratuitousArp(WEB, '10.9.0.1'));
    t.strictSame(await receivers('c', WEB), ['vm-b'], 'the third host sends to the new place');
    t.strictSame(await receivers('a', WEB), ['vm-b'], 'a peer on the old host too');
    t.strictSame(await receivers('a', WEB, 2), ['vm-b'], 'a frame that reached the old host late is sent on');
  });

  await t.test('split horizon: without having been its home a host does not pass frames on', async (t) => {
    await fullMesh();
    await send('b', rarpAnnouncement(WEB));
    t.strictSame(await receivers('a', WEB, 2), [], 'from tunnel to tunnel: dropped');
  });

  await t.test('no broadcast goes to the port of a VM that is still on its way', async (t) => {
    await fullMesh();
    await install('b', {
      tunnels: TO_BOTH,
      locals: [VM_ON_ITS_WAY],
      relays: false,
    });
    t.strictSame(await receivers('a', 'ff:ff:ff:ff:ff:ff'), ['vm-c']);
  });

  await t.test(
    'what the old host sends ahead goes to the tap of the VM that is on its way, whatever the table says',
    async (t) => {
      await fullMesh();
      await send('a', rarpAnnouncement(WEB));
      await install('b', {
        tunnels: TO_BOTH,
        locals: [VM_ON_ITS_WAY, NEIGHBOUR],
        relays: false,
      });
      await send('a', rarpAnnouncement(WEB));
      t.strictSame(await receivers('b', WEB, 1), ['vm-b'], 'from the old host');
      t.strictSame(await receivers('b', WEB, 2), [], 'from nobody else');
      const megaflow = await ovs.appctl('ofproto/trace', 'b', `in_port=1,dl_src=${PEER},dl_dst=${WEB}`);
      t.match(megaflow, new RegExp(`^Megaflow: .*dl_src=${PEER}`, 'm'), 'each sender has a datapath flow of its own');
      // It came from there a moment ago: its late frames must not keep those of its peers there from being sent ahead.
      const late = `add ${renderFlow(lateArrivalFlow(WEB, TO_FIRST, VM_PORT))}\n`;
      await ovs.ofctl(['-O', OPENFLOW_VERSION, '--bundle', 'add-flows', 'a', '-'], late);
      const lines = redirectFlows(WEB, TO_FIRST).map(
        (flow) => `add ${renderFlow({ ...flow, hardTimeoutSeconds: 60 })}\n`,
      );
      await ovs.ofctl(['-O', OPENFLOW_VERSION, '--bundle', 'add-flows', 'a', '-'], lines.join(''));
      t.strictSame(await receivers('c', WEB), ['vm-b'], 'a third host reaches it through the old one');
      t.strictSame(
        await receivers('a', WEB, 1),
        ['vm-b'],
        'a peer on the new host too: back through the tunnel it came by',
      );
      t.strictSame(await receivers('a', WEB), ['vm-b'], 'and a peer on the old host');
      const detour = toHex(ethernet({ to: WEB, from: PEER, etherType: 0x88b5, payload: [] }));
      await ovs.ofctl(['-O', OPENFLOW_VERSION, 'packet-out', 'b', `in_port=1,packet=${detour},actions=table`]);
      const fdb = `table=${tableNumber('fdb')},dl_dst=${PEER}`;
      t.notMatch(
        await ovs.ofctl(['-O', OPENFLOW_VERSION, 'dump-flows', 'b', fdb]),
        PEER,
        'who took the detour is not learned to live there',
      );
      const own = destinationRedirectFlows(WEB, VM_PORT).map(
        (flow) => `add ${renderFlow({ ...flow, hardTimeoutSeconds: 60 })}\n`,
      );
      await ovs.ofctl(['-O', OPENFLOW_VERSION, '--bundle', 'add-flows', 'b', '-'], own.join(''));
      t.strictSame(
        await receivers('b', WEB, NEIGHBOUR_PORT),
        ['vm-b'],
        'a peer on the new host reaches it without the detour',
      );
      t.strictSame(
        await receivers('b', WEB, 2),
        ['vm-b'],
        'and so does a host that knows the new place before the new host does',
      );
    },
  );

  await t.test('hub and spoke: the hub passes on what spokes send each other', async (t) => {
    const local = [VM_THERE];
    await install('a', { tunnels: TO_BOTH, locals: local, relays: true });
    await install('b', { tunnels: [TO_FIRST], locals: local, relays: false });
    await install('c', { tunnels: [TO_FIRST], locals: local, relays: false });
    t.strictSame(await receivers('b', 'ff:ff:ff:ff:ff:ff'), ['vm-a', 'vm-c']);
    await send('c', rarpAnnouncement(WEB));
    t.strictSame(await receivers('b', WEB), ['vm-c']);
    await send('b', rarpAnnouncement(WEB));
    t.strictSame(await receivers('c', WEB), ['vm-b'], 'and follows a VM from spoke to spoke');
  });

  await t.test('NORMAL in place of the pipeline would be a storm: the check above can fail', async (t) => {
    for (const host of HOSTS) {
      await ovs.ofctl(['-O', OPENFLOW_VERSION, 'del-flows', host]);
      await ovs.ofctl(['-O', OPENFLOW_VERSION, 'add-flow', host, 'actions=NORMAL']);
    }
    const trace = await ovs.appctl('ofproto/trace', 'a', `in_port=${VM_PORT},dl_src=${PEER},dl_dst=ff:ff:ff:ff:ff:ff`);
    t.match(trace, /over max (translation depth|resubmit)|too many resubmits|recursion/i);
    for (const host of HOSTS) await ovs.ofctl(['-O', OPENFLOW_VERSION, 'del-flows', host]);
  });
});
