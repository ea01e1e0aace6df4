import t from 'tap';
import { traceFramesFor } from '../../../lib/examiner/trace-frames.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { SAMPLE, sampleWith } from '../topology/sample.js';

const APART = parseTopology(SAMPLE, 'sample.yaml');
const TOGETHER = parseTopology(
  sampleWith('mtu: 1450}', 'mtu: 1450, acl: [{from: db, to: web, protocol: tcp, port: 80, action: deny}]}')
    .replace('network: green', 'network: blue')
    .replace('00:02", address: 10.9.0.1/24', '00:02", address: 10.9.0.7/24'),
  'sample.yaml',
);
const ALL = { network: 'blue', traffic: null };

function told(frames: ReturnType<typeof traceFramesFor>) {
  return frames.map(({ frame, denied }) => `${frame}${denied === null ? '' : denied ? ' denied' : ' allowed'}`);
}

t.test('in a network a frame of every kind that rules tell apart, and no ARP, which none denies', async (t) => {
  const all = { ...ALL, from: 'db', to: 'web' };
  t.strictSame(told(traceFramesFor(TOGETHER, all, { hasRules: true })), [
    'icmp allowed',
    'protocol 47 allowed',
    'tcp port 9 allowed',
    'tcp port 80 denied',
    'udp port 9 allowed',
    'udp port 80 allowed',
  ]);
  t.strictSame(told(traceFramesFor(TOGETHER, all, { hasRules: false })).length, 6);
  t.strictSame(
    told(traceFramesFor(TOGETHER, { ...all, traffic: { protocol: 'tcp', port: 80 } }, { hasRules: false })),
    ['tcp port 80'],
  );
});

t.test('who is in another network is looked for under the address that he has there, by ARP as well', async (t) => {
  const frames = traceFramesFor(APART, { ...ALL, from: 'host-b', to: 'db' }, { hasRules: true });
  t.strictSame(told(frames), ['arp', 'icmp', 'protocol 47', 'tcp port 9', 'udp port 9'], 'rules have no say');
  t.match(frames[0]?.flow, /^arp,dl_src=02:.*,dl_dst=ff:ff:ff:ff:ff:ff,arp_op=1,.*arp_tpa=10\.9\.0\.1,/);
  t.match(frames[3]?.flow, /dl_dst=52:54:00:09:00:02,.*nw_dst=10\.9\.0\.1,nw_proto=6,.*tcp_dst=9,tcp_flags=syn$/);
  t.strictSame(
    told(traceFramesFor(APART, { ...ALL, from: 'db', to: 'web' }, { hasRules: true })),
    [],
    'the sender must be there',
  );
});
