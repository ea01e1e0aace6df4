import fc from 'fast-check';
import t from 'tap';
import { bits } from '../../../lib/openflow/field.js';
import { FlowMonitorParser } from '../../../lib/openflow/flow-monitor.js';
import { renderMatch } from '../../../lib/openflow/match.js';

/** As ovs-ofctl 3.1 printed it. */
const STREAM = `OFPST_FLOW_MONITOR reply (OF1.5) (xid=0x5):
 event=INITIAL table=2 cookie=0x7 in_port=1 actions=output:2
2026-11-21 08:07:25.320: OFPST_FLOW_MONITOR reply (OF1.5) (xid=0x0):
 event=ADDED table=4 cookie=0 actions=CONTROLLER:64,output:2
 event=MODIFIED table=20 idle_timeout=300 cookie=0x99 dl_dst=50:54:00:00:00:05 actions=set_field:0x2/0xffff->reg1
2026-11-21 08:07:25.346: NXT_PACKET_IN2 (OF1.5) (xid=0x0): table_id=4 cookie=0x5 total_len=62 in_port=1 (via action) data_len=62 (unbuffered)
rarp,vlan_tci=0x0000,dl_src=50:54:00:00:00:05,dl_dst=ff:ff:ff:ff:ff:ff,arp_op=3
2026-11-21 08:07:26.414: OFPST_FLOW_MONITOR reply (OF1.5) (xid=0x0):
 event=ADDED table=20 hard_timeout=1 cookie=0 dl_dst=50:54:00:00:00:05
 event=DELETED reason=hard table=20 hard_timeout=1 cookie=0 dl_dst=50:54:00:00:00:05
2026-11-21 08:07:27.000: NXT_FLOW_MONITOR_PAUSED (OF1.5) (xid=0x0):
2026-11-21 08:07:28.000: NXT_FLOW_MONITOR_RESUMED (OF1.5) (xid=0x0):
`;

t.test('reads every kind of report', async (t) => {
  const reports = new FlowMonitorParser().push(STREAM);
  t.strictSame(
    reports.map((report) => [
      report.kind,
      'event' in report ? report.event : '',
      report.atMs === null ? null : new Date(report.atMs).toISOString(),
    ]),
    [
      ['flow', 'INITIAL', null],
      ['flow', 'ADDED', '2026-11-21T08:07:25.320Z'],
      ['flow', 'MODIFIED', '2026-11-21T08:07:25.320Z'],
      ['packet-in', '', '2026-11-21T08:07:25.346Z'],
      ['flow', 'ADDED', '2026-11-21T08:07:26.414Z'],
      ['flow', 'DELETED', '2026-11-21T08:07:26.414Z'],
      ['paused', '', '2026-11-21T08:07:27.000Z'],
      ['resumed', '', '2026-11-21T08:07:28.000Z'],
    ],
  );
  const [, , learned, packet, dropping, deleted] = reports;
  t.match(learned, { table: 20, cookie: 0x99n, actions: [{ kind: 'set', target: bits('reg1', 0, 15), value: 2n }] });
  t.match(packet, { table: 4, cookie: 5n, inPort: 1 });
  t.equal(
    packet?.kind === 'packet-in' && renderMatch(packet.packet),
    'rarp,vlan_tci=0x0000,dl_src=50:54:00:00:00:05,dl_dst=ff:ff:ff:ff:ff:ff,arp_op=3',
  );
  t.match(dropping, { actions: [] });
  t.match(deleted, { event: 'DELETED' });
});

t.test('the chunks do not matter', async (t) => {
  const whole = new FlowMonitorParser().push(STREAM);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
      const parser = new FlowMonitorParser();
      const reports = [];
      for (let at = 0, i = 0; at < STREAM.length; i++) {
        const size = sizes[i % sizes.length] ?? 1;
        reports.push(...parser.push(STREAM.slice(at, at + size)));
        at += size;
      }
      t.strictSame(reports, whole);
    }),
    { numRuns: 50 },
  );
});
