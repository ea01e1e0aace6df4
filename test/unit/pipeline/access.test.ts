import fc from 'fast-check';
import t from 'tap';
import type { FieldName } from '../../../lib/openflow/field.js';
import { parseValue } from '../../../lib/openflow/value.js';
import { accessFlows, HIDDEN_HEADER } from '../../../lib/pipeline/access.js';
import { cookieOf } from '../../../lib/pipeline/cookie.js';
import { tableNumber } from '../../../lib/pipeline/tables.js';
import { accessLists } from '../../../lib/plan/access.js';
import { type AccessFrame, decidingRule, framesFor } from '../../../lib/plan/access-frame.js';
import { readableFlows } from '../../generated/example-host.js';
import { ruled } from './ruled.js';
import { type Frame, runFlows } from './run-flows.js';

const FIRST = tableNumber('acl_network');
const NUMBER = { tcp: 6n, udp: 17n, other: 47n } as const;

/** As the switch reads it from the wire. */
function fieldsOf({ ethSrc, ethDst, family, src, dst, protocol, port }: AccessFrame): Frame {
  const isV4 = family === 4;
  const icmp = isV4 ? 1n : 58n;
  return new Map<FieldName, bigint>([
    ['eth_src', parseValue('eth_src', ethSrc)],
    ['eth_dst', parseValue('eth_dst', ethDst)],
    ['eth_type', isV4 ? 0x0800n : 0x86ddn],
    [isV4 ? 'ip_src' : 'ipv6_src', parseValue(isV4 ? 'ip_src' : 'ipv6_src', src)],
    [isV4 ? 'ip_dst' : 'ipv6_dst', parseValue(isV4 ? 'ip_dst' : 'ipv6_dst', dst)],
    ['nw_proto', protocol === 'icmp' ? icmp : NUMBER[protocol]],
    ['icmp_type', protocol === 'icmp' ? (isV4 ? 8n : 128n) : 0n],
    ['tp_src', 50_000n],
    ['tp_dst', BigInt(port ?? 0)],
    ['tcp_flags', protocol === 'tcp' ? 2n : 0n],
  ]);
}

const MACS = ['52:54:00:09:00:01', '52:54:00:09:00:02', '02:00:00:00:00:07', '01:00:5e:00:00:01', 'ff:ff:ff:ff:ff:ff'];
const ADDRESSES = {
  4: ['10.9.0.1', '10.9.0.2', '10.9.0.9', '10.9.0.200', '224.0.0.5'],
  6: ['fd00:9::1', 'fd00:9::2', 'fd00:9::9', 'fe80::1', 'ff02::1'],
} as const;
const PORTS = [0, 22, 79, 80, 81, 90, 8000, 65535];

const frames: fc.Arbitrary<AccessFrame> = fc
  .constantFrom(4 as const, 6 as const)
  .chain((family) =>
    fc.record({
      ethSrc: fc.constantFrom(...MACS.slice(0, 3)),
      ethDst: fc.constantFrom(...MACS),
      family: fc.constant(family),
      src: fc.constantFrom(...ADDRESSES[family]),
      dst: fc.constantFrom(...ADDRESSES[family]),
      protocol: fc.constantFrom('tcp', 'udp', 'icmp', 'other'),
      port: fc.constantFrom(...PORTS),
    }),
  )
  .map((frame) => ({ ...frame, port: frame.protocol === 'tcp' || frame.protocol === 'udp' ? frame.port : null }));

const ENDS = ['any', 'web', 'db', '10.9.0.1', '10.9.0.0/28', '"fd00:9::/64"', '"fd00:9::9"'];
const maybe = (values: readonly string[]): fc.Arbitrary<string | null> =>
  values.length === 0 ? fc.constant(null) : fc.option(fc.constantFrom(...values), { nil: null });
const matter = fc.oneof(
  fc.constantFrom('protocol: any', 'protocol: icmp', 'protocol: tcp', 'protocol: udp'),
  fc
    .tuple(fc.constantFrom('tcp', 'udp'), fc.constantFrom('80', '22', '80-90', '0-8000', '1024-65535'))
    .map(([protocol, port]) => `protocol: ${protocol}, port: ${port}`),
);
const ruleOf = (from: readonly string[], to: readonly string[]) =>
  fc
    .tuple(maybe(from), maybe(to), matter, fc.constantFrom('allow', 'deny', 'deny'))
    .map(([source, target, what, action]) => {
      const ends = [source === null ? [] : [`from: ${source}`], target === null ? [] : [`to: ${target}`]].flat();
      return `{${[...ends, what, `action: ${action}`].join(', ')}}`;
    });
const listOf = (rule: fc.Arbitrary<string>) => fc.array(rule, { maxLength: 4 });
/** Of VM web: with the VM at one end, or with both left out. */
const ofWeb = fc.oneof(
  ruleOf(
    ENDS.filter((end) => end !== 'web'),
    [],
  ),
  ruleOf(
    [],
    ENDS.filter((end) => end !== 'web'),
  ),
);

t.test('a frame is dropped by the flows of the very rule that denies it, and by no others', async (t) => {
  let [dropped, passed] = [0, 0];
  fc.assert(
    fc.property(
      listOf(ruleOf(ENDS, ENDS)),
      listOf(ofWeb),
      fc.array(frames, { minLength: 20, maxLength: 40 }),
      (blue, web, list) => {
        const topology = ruled({ blue, web });
        // Mistakes, such as a rule that can never decide, are not what is asked here.
        if (topology === null) return true;
        const [network] = topology.networks;
        if (network === undefined) throw new Error('no network');
        const lists = accessLists(topology, network);
        const flows = accessFlows(lists);
        return list.every((frame) => {
          const rule = decidingRule(lists, frame);
          const { reached, cookie } = runFlows(flows, FIRST, fieldsOf(frame));
          const isDenied = rule?.action === 'deny';
          if (isDenied) dropped += 1;
          else passed += 1;
          return isDenied
            ? reached === null && cookie === cookieOf('access', rule.id)
            : reached === tableNumber('admit');
        });
      },
    ),
    { numRuns: 200 },
  );
  t.ok(dropped > 100 && passed > 100, `${dropped} were to be dropped, ${passed} to pass`);
});

t.test(
  'what belongs to a connection that stands passes all rules, and so do ARP and neighbour discovery',
  async (t) => {
    const topology = ruled({ blue: ['{action: deny}'], web: [] });
    const [network] = topology?.networks ?? [];
    if (topology === null || network === undefined) throw new Error('no topology');
    const flows = accessFlows(accessLists(topology, network));
    const verdict = (terms: readonly (readonly [FieldName, bigint])[]) => runFlows(flows, FIRST, new Map(terms));
    const admit = tableNumber('admit');
    for (const etherType of [0x0800n, 0x86ddn]) {
      const tcp = (flags: bigint) =>
        verdict([
          ['eth_type', etherType],
          ['nw_proto', 6n],
          ['tp_dst', 80n],
          ['tcp_flags', flags],
        ]);
      t.equal(tcp(2n).reached, null, 'SYN');
      t.equal(tcp(3n).reached, null, 'SYN and FIN');
      t.equal(tcp(0n).reached, null, 'no flags');
      for (const flags of [0x12n, 0x10n, 0x18n, 4n, 0x14n]) t.equal(tcp(flags).reached, admit, `flags ${flags}`);
      const first = verdict([
        ['eth_type', etherType],
        ['nw_proto', 6n],
        ['ip_frag', 1n],
      ]);
      t.equal(first.cookie, cookieOf('access', HIDDEN_HEADER), 'a first fragment that hides the header');
    }
    t.equal(verdict([['eth_type', 0x0806n]]).reached, admit, 'ARP');
    t.equal(verdict([['eth_type', 0x8035n]]).reached, admit, 'RARP');
    for (const type of [133n, 134n, 135n, 136n, 137n])
      t.equal(
        verdict([
          ['eth_type', 0x86ddn],
          ['nw_proto', 58n],
          ['icmp_type', type],
        ]).reached,
        admit,
        `ICMPv6 ${type}`,
      );
  },
);

t.test('the flows of a list', async (t) => {
  const topology = ruled({
    blue: ['{from: web, to: 10.9.0.0/28, protocol: udp, action: allow}'],
    web: ['{protocol: tcp, port: 80-81, action: deny}'],
  });
  const [network] = topology?.networks ?? [];
  if (topology === null || network === undefined) throw new Error('no topology');
  const lists = accessLists(topology, network);
  const flows = accessFlows(lists);
  const ofRules = flows.filter(({ priority }) => priority > 0 && priority <= 60_000);
  t.equal(
    readableFlows(ofRules),
    `table=acl_network, priority=60000,udp,dl_src=52:54:00:09:00:01,nw_dst=10.9.0.0/28 actions=goto_table:acl_sender

table=acl_receiver, priority=60000,tcp,dl_dst=52:54:00:09:00:01,tp_dst=0x50/0xfffe actions=drop
table=acl_receiver, priority=60000,tcp,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,nw_dst=10.9.0.1,tp_dst=0x50/0xfffe actions=drop
table=acl_receiver, priority=60000,tcp6,dl_dst=52:54:00:09:00:01,tp_dst=0x50/0xfffe actions=drop
table=acl_receiver, priority=60000,tcp6,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,ipv6_dst=fd00:9::1,tp_dst=0x50/0xfffe actions=drop
`,
  );
  const [denial] = lists.receiver.flat();
  if (denial === undefined) throw new Error('no rule');
  const [frame] = framesFor(topology, network, lists, denial);
  t.match(frame, { protocol: 'tcp', port: 80, ethDst: '52:54:00:09:00:01' }, 'and a frame that it decides');
  t.same(accessFlows({ network: [], sender: [], receiver: [] }).length, 3, 'without rules, nothing but the way on');
});
