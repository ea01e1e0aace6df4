import fc from 'fast-check';
import t from 'tap';
import * as act from '../../../lib/openflow/action.js';
import { diffFlows, renderBundle } from '../../../lib/openflow/diff.js';
import { bits, wholeField } from '../../../lib/openflow/field.js';
import { type Flow, flowKey, sameFlow } from '../../../lib/openflow/flow.js';
import { ANY, is, match } from '../../../lib/openflow/match.js';
import { parseFlow, parseFlows, renderFlow } from '../../../lib/openflow/text.js';
import { arbitraryFlow } from './arbitrary-flow.js';

const outPort = bits('reg1', 0, 15);
const fromTunnel = bits('reg0', 0, 0);
const naming = {
  tables: new Map([
    [0, 'classify'],
    [20, 'fdb'],
  ]),
  bits: [
    { name: 'fromTunnel', ...fromTunnel },
    { name: 'outPort', ...outPort },
  ],
};
const flow = (parts: Partial<Flow>): Flow => ({ table: 0, cookie: 0n, priority: 1, match: ANY, actions: [], ...parts });

t.test('any flow is the same after rendering and parsing', async () => {
  fc.assert(
    fc.property(arbitraryFlow, (one) => {
      const text = renderFlow(one);
      const back = parseFlow(text);
      return sameFlow(one, back) && renderFlow(back) === text;
    }),
    { numRuns: 500 },
  );
});

t.test('flows that differ in one thing are told apart', async (t) => {
  const one = flow({ table: 3, cookie: 1n, priority: 5, match: match({ in_port: 1 }), actions: [act.output(2)] });
  for (const other of [
    { cookie: 2n },
    { idleTimeoutSeconds: 1 },
    { hardTimeoutSeconds: 1 },
    { actions: [act.output(3)] },
  ]) {
    t.equal(flowKey({ ...one, ...other }), flowKey(one));
    t.equal(sameFlow({ ...one, ...other }, one), false, Object.keys(other).join());
  }
  for (const other of [{ table: 4 }, { priority: 6 }, { match: match({ in_port: 2 }) }]) {
    t.not(flowKey({ ...one, ...other }), flowKey(one));
  }
});

t.test('as the switch prints it, and as people read it', async (t) => {
  const one = flow({
    priority: 100,
    cookie: 0x1234n,
    match: match({ in_port: 3, eth_dst: '01:00:00:00:00:00/01:00:00:00:00:00' }, is(fromTunnel, 1)),
    actions: [
      act.learn(
        { table: 20, priority: 1, idleTimeoutSeconds: 300, cookie: 9n },
        act.learnMatch(wholeField('eth_dst'), wholeField('eth_src')),
        act.learnLoad(outPort, act.IN_PORT_BITS),
      ),
      act.set(fromTunnel, 0),
      act.outputBits(outPort),
      act.gotoTable(20),
    ],
  });
  t.equal(
    renderFlow(one),
    'cookie=0x1234, priority=100,reg0=0x1/0x1,in_port=3,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=' +
      'learn(table=20,idle_timeout=300,priority=1,cookie=0x9,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],' +
      'load:NXM_OF_IN_PORT[]->NXM_NX_REG1[0..15]),' +
      'set_field:0/0x1->reg0,output:NXM_NX_REG1[0..15],goto_table:20',
  );
  t.equal(
    renderFlow(one, naming),
    'cookie=0x1234, table=classify, ' +
      'priority=100,fromTunnel=0x1,in_port=3,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=' +
      'learn(table=fdb,idle_timeout=300,priority=1,cookie=0x9,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],' +
      'load:NXM_OF_IN_PORT[]->outPort),' +
      'set_field:0->fromTunnel,output:outPort,goto_table:fdb',
  );
});

t.test('a dump with statistics and headers', async (t) => {
  const dump = `OFPST_FLOW reply (OF1.5) (xid=0x2):
 cookie=0x99, duration=3.523s, table=20, n_packets=7, n_bytes=420, idle_timeout=300, idle_age=3, hard_age=1, priority=1,dl_dst=50:54:00:00:00:05 actions=set_field:0x2/0xffff->reg1
 cookie=0x0, duration=3.524s, table=20, n_packets=2, n_bytes=84, send_flow_rem importance=5, priority=0 actions=drop
`;
  const learned = flow({
    table: 20,
    cookie: 0x99n,
    idleTimeoutSeconds: 300,
    match: match({ eth_dst: '50:54:00:00:00:05' }),
    actions: [act.set(outPort, 2)],
  });
  t.strictSame(parseFlows(dump), [learned, flow({ table: 20, priority: 0 })]);
});

t.test('what others wrote, and we do not speak, is kept as it is', async (t) => {
  for (const line of [
    'table=9, priority=7,ct_state=+est+trk,ip,nw_dst=10.0.0.1 actions=ct(commit,table=3,nat(src=10.0.0.2)),output:1',
    'table=9, priority=7,tcp,vlan_tci=0x1000/0x1000 actions=pop_vlan,group:5,resubmit(,5,ct)',
    'priority=7 actions=learn(table=3,fin_idle_timeout=5,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]),NORMAL',
    'priority=7 actions=set_field:0x5/0x5->reg0,controller(max_len=64,userdata=01.02)',
  ]) {
    const parsed = parseFlow(line);
    t.equal(renderFlow(parsed).includes(line.slice(line.indexOf('actions='))), true, line);
    t.equal(flowKey(parseFlow(renderFlow(parsed))), flowKey(parsed));
  }
  t.throws(() => parseFlow('table=3, priority=1'), RangeError);
  t.throws(() => parseFlow('priority=1,dl_dst=nonsense actions=drop'), /"nonsense" is no value of eth_dst/);
});

t.test('mistakes that the switch would swallow are refused', async (t) => {
  t.throws(() => match({ ip_dst: '10.0.0.1' }), /ip_dst needs eth_type to be 0x800/);
  t.throws(() => match({ eth_type: 0x86dd, tp_dst: 80 }), /tp_dst needs nw_proto/);
  t.throws(() => match({ eth_type: 0x86dd, nw_proto: 58, nd_target: 'fd00::1' }), /nd_target needs icmp_type/);
  t.throws(() => match({ in_port: '-1' }), RangeError);
  t.throws(() => match({ ip_dst: '10.0.0.300', eth_type: 0x800 }), RangeError);
  t.throws(() => match({ eth_type: 0x800, ip_dst: '10.0.0.0/33' }), RangeError);
  t.throws(() => match({ reg0: 1 }, is(fromTunnel, 0)), /two values/);
  t.throws(() => is(fromTunnel, 2), /does not fit reg0\[0..0\]/);
  t.throws(() => act.set(outPort, 65536), RangeError);
  t.throws(() => act.move(wholeField('eth_src'), outPort), /gives 48 bits, reg1 takes 16/);
  t.throws(() => bits('reg0', 0, 32), RangeError);
  t.throws(() => act.resubmit({}), /table or a port/);
});

t.test('addresses as inet_ntop writes them', async (t) => {
  for (const [written, printed] of [
    ['fd00:0:0:0:0:0:0:1', 'fd00::1'],
    ['1:0:2:0:0:3:0:1', '1:0:2::3:0:1'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['::', '::'],
    ['::1', '::1'],
    ['fe80::/10', 'fe80::/10'],
  ] as const) {
    t.equal(
      renderFlow(flow({ match: match({ eth_type: 0x86dd, ipv6_dst: written }) })),
      `priority=1,ipv6,ipv6_dst=${printed} actions=drop`,
    );
  }
});

t.test('a diff adds what is new or different, and removes only what is owned', async (t) => {
  const at = (port: number, to: number, cookie = 1n) =>
    flow({ cookie, match: match({ in_port: port }), actions: [act.output(to)] });
  const diff = diffFlows(
    [at(1, 1), at(2, 2), at(3, 3)],
    [at(2, 2), at(3, 9), at(4, 4), at(5, 5, 7n)],
    (one) => one.cookie === 1n,
  );
  t.strictSame(diff, { add: [at(1, 1), at(3, 3)], remove: [at(4, 4)] });
  t.equal(
    renderBundle(diff),
    `delete_strict cookie=0x1/-1,table=0,priority=1,in_port=4
add cookie=0x1, priority=1,in_port=1 actions=output:1
add cookie=0x1, priority=1,in_port=3 actions=output:3
`,
  );
  t.equal(renderBundle({ add: [], remove: [] }), '');
  t.throws(() => diffFlows([at(1, 1), at(1, 2)], [], () => true), /two desired flows are one entry: .*in_port=1/);
});

t.test(
  'a flow that matches all, with the priority that goes without saying, is written as the switch prints it',
  async (t) => {
    const timed = flow({ cookie: 1n, table: 177, priority: 32_768, hardTimeoutSeconds: 5, actions: [act.normal] });
    t.equal(renderFlow(timed), 'cookie=0x1, table=177, hard_timeout=5, actions=NORMAL');
  },
);
