import { connect } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { controller, IN_PORT_BITS, learn, learnLoad, learnMatch, output } from '../../lib/openflow/action.js';
import { diffFlows, renderBundle } from '../../lib/openflow/diff.js';
import { bits, wholeField } from '../../lib/openflow/field.js';
import { type Flow, flowKey, sameFlow } from '../../lib/openflow/flow.js';
import { FlowMonitorParser, MONITOR_OPTIONS, type MonitorReport } from '../../lib/openflow/flow-monitor.js';
import { ANY, match, renderMatch } from '../../lib/openflow/match.js';
import { Nudger } from '../../lib/openflow/nudge.js';
import { DUMP_OPTIONS, OPENFLOW_VERSION, parseFlows, renderFlow } from '../../lib/openflow/text.js';
import { arbitraryFlow } from '../unit/openflow/arbitrary-flow.js';
import { OvsSandbox, whyNoSwitch } from './ovs-sandbox.js';

const skip = whyNoSwitch();
const ovs = new OvsSandbox();
t.teardown(() => ovs.destroy());

const bundle = (input: string) => ovs.ofctl(['-O', OPENFLOW_VERSION, '--bundle', 'add-flows', 'br0', '-'], input);
const dump = async () =>
  (await ovs.ofctl([...DUMP_OPTIONS, 'dump-flows', 'br0'])).split('\n').filter((line) => line.includes('actions='));
const clear = () => ovs.ofctl(['-O', OPENFLOW_VERSION, 'del-flows', 'br0']);

/** Frames that learn(): from port 1 or 2, for anybody. */
const learning: Flow = {
  table: 0,
  cookie: 7n,
  priority: 1,
  match: ANY,
  actions: [
    learn(
      { table: 20, priority: 1, cookie: 0x99n, idleTimeoutSeconds: 300 },
      learnMatch(wholeField('eth_dst'), wholeField('eth_src')),
      learnLoad(bits('reg1', 0, 15), IN_PORT_BITS),
    ),
  ],
};
const RARP = `ffffffffffff52540000000580350001080006040003525400000005${'00'.repeat(4)}525400000005${'00'.repeat(22)}`;
const send = (port: number) =>
  ovs.ofctl(['-O', OPENFLOW_VERSION, 'packet-out', 'br0', `in_port=${port},packet=${RARP},actions=resubmit(,0)`]);

t.test('against a real switch', { skip }, async (t) => {
  await ovs.startDatabase();
  await ovs.startSwitch();
  const link = (name: string) => ['--', 'add-port', 'br0', name, '--', 'set', 'interface', name, 'type=internal'];
  await ovs.vsctl(
    'add-br',
    'br0',
    '--',
    'set',
    'bridge',
    'br0',
    'datapath_type=netdev',
    'fail_mode=secure',
    ...link('p1'),
    ...link('p2'),
  );

  await t.test('what we render is what the switch prints, and what we parse is what we meant', async (t) => {
    const seed = Date.now() % 2 ** 31;
    t.comment(`seed ${seed}`);
    for (const generated of chunks(fc.sample(arbitraryFlow, { numRuns: 800, seed }), 80)) {
      const flows = [...new Map(generated.map((flow) => [flowKey(flow), flow])).values()];
      await clear();
      await bundle(flows.map((flow) => `${renderFlow(flow)}\n`).join(''));
      const lines = (await dump()).map((line) => line.trim());
      const rendered = flows.map((flow) => renderFlow(flow));
      t.strictSame(without(lines, rendered), [], 'the switch printed nothing else');
      t.strictSame(without(rendered, lines), [], 'it printed all');
      const observed = new Map(parseFlows(lines.join('\n')).map((flow) => [flowKey(flow), flow]));
      const changed = flows.filter((flow) => {
        const there = observed.get(flowKey(flow));
        return there === undefined || !sameFlow(flow, there);
      });
      t.strictSame(changed, [], 'and we read the same');
    }
  });

  await t.test('the words of older protocols parse to the same flows', async (t) => {
    const flows = fc.sample(arbitraryFlow, { numRuns: 60, seed: 5 });
    const single = new Map(flows.map((flow) => [flowKey(flow), flow]));
    await clear();
    await bundle([...single.values()].map((flow) => `${renderFlow(flow)}\n`).join(''));
    const parsed = parseFlows(await ovs.ofctl(['-O', 'OpenFlow13', '--no-names', 'dump-flows', 'br0']));
    t.equal(parsed.length, single.size);
    for (const flow of parsed) t.equal(renderFlow(flow), renderFlow(single.get(flowKey(flow)) ?? learning));
  });

  await t.test('a diff, put in as one bundle, leaves what is desired and what is not ours', async (t) => {
    const flow = (priority: number, cookie: bigint, port: number): Flow => ({
      table: 3,
      priority,
      cookie,
      match: match({ in_port: priority }),
      actions: [output(port)],
    });
    const foreign = flow(9, 0x999n, 1);
    await clear();
    await bundle(
      [flow(1, 1n, 1), flow(2, 1n, 1), flow(3, 1n, 1), foreign].map((entry) => `${renderFlow(entry)}\n`).join(''),
    );
    const desired = [flow(1, 1n, 1), flow(2, 1n, 2), flow(4, 1n, 1)];
    const owns = (entry: Flow) => entry.cookie === 1n;
    const diff = diffFlows(desired, parseFlows((await dump()).join('\n')), owns);
    t.strictSame(
      diff.add.map((entry) => entry.priority),
      [2, 4],
    );
    t.strictSame(
      diff.remove.map((entry) => entry.priority),
      [3],
    );
    await bundle(renderBundle(diff));
    const after = parseFlows((await dump()).join('\n'));
    t.strictSame(after.map(renderOne).sort(), [...desired, foreign].map(renderOne).sort());
    t.strictSame(diffFlows(desired, after, owns), { add: [], remove: [] }, 'a second diff is empty');
  });

  await t.test('an entry that somebody else replaced meanwhile is not removed', async (t) => {
    const ours: Flow = { table: 3, priority: 5, cookie: 1n, match: ANY, actions: [] };
    await clear();
    await bundle(`${renderFlow({ ...ours, cookie: 2n })}\n`);
    await bundle(renderBundle({ add: [], remove: [ours] }));
    t.strictSame(
      (await dump()).map((line) => line.trim()),
      [renderFlow({ ...ours, cookie: 2n })],
    );
  });

  await t.test('a bundle with one bad line changes nothing', async (t) => {
    await clear();
    await t.rejects(bundle('add table=3,actions=drop\nadd table=3,in_port=1,actions=goto_table:1\n'));
    t.strictSame(await dump(), []);
  });

  await t.test('the flow monitor reports what was learned, and a packet-in at once', async (t) => {
    await clear();
    await bundle(`${renderFlow(learning)}\n${renderFlow({ ...learning, table: 1, actions: [controller(64)] })}\n`);
    const reports: MonitorReport[] = [];
    const parser = new FlowMonitorParser();
    const monitor = ovs.follow('monitor', [
      'sh',
      '-c',
      `exec ovs-ofctl ${MONITOR_OPTIONS.join(' ')} monitor br0 64 watch: 2>&1`,
    ]);
    monitor.stdout?.setEncoding('utf8').on('data', (chunk: string) => reports.push(...parser.push(chunk)));
    await ovs.until(() => reports.length >= 2);
    t.strictSame(
      reports.map((report) => report.kind === 'flow' && report.event),
      ['INITIAL', 'INITIAL'],
    );

    const nudger = new Nudger(connect(join(ovs.directory, 'br0.mgmt')));
    t.teardown(() => nudger.close());
    for (const [port, event] of [
      [1, 'ADDED'],
      [2, 'MODIFIED'],
    ] as const) {
      reports.length = 0;
      await send(port);
      await nudger.nudge();
      await ovs.until(() => reports.length > 0);
      const report = reports[0];
      if (report?.kind !== 'flow') return t.fail('no flow was reported');
      t.equal(report.event, event);
      t.equal(report.table, 20);
      t.equal(report.cookie, 0x99n);
      t.equal(renderMatch(report.match), 'dl_dst=52:54:00:00:00:05');
      t.strictSame(report.actions, [{ kind: 'set', target: bits('reg1', 0, 15), value: BigInt(port) }]);
      t.ok(Math.abs((report.atMs ?? 0) - Date.now()) < 60_000, 'the time is that of this host, in UTC');
    }

    reports.length = 0;
    await ovs.ofctl(['-O', OPENFLOW_VERSION, 'packet-out', 'br0', `in_port=1,packet=${RARP},actions=resubmit(,1)`]);
    await ovs.until(() => reports.some((report) => report.kind === 'packet-in'));
    const packet = reports.find((report) => report.kind === 'packet-in');
    if (packet?.kind !== 'packet-in') return t.fail('no packet-in');
    t.match(packet, { table: 1, cookie: 7n, inPort: 1 });
    t.match(renderMatch(packet.packet), /^rarp,vlan_tci=0x0000,dl_src=52:54:00:00:00:05,/);

    reports.length = 0;
    await ovs.ofctl(['-O', OPENFLOW_VERSION, 'del-flows', 'br0', 'table=20']);
    await ovs.until(() => reports.length > 0);
    t.match(reports[0], { kind: 'flow', event: 'DELETED', table: 20 });
  });

  await t.test('a nudge after the switch is gone fails', async (t) => {
    const nudger = new Nudger(connect(join(ovs.directory, 'br0.mgmt')));
    await nudger.nudge();
    await ovs.stop('ovs-vswitchd');
    await t.rejects(nudger.nudge());
  });
});

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

function without(items: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return items.filter((item) => !known.has(item));
}

function renderOne(flow: Flow): string {
  return renderFlow(flow);
}
