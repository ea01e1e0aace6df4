import fc from 'fast-check';
import t from 'tap';
import { contains, linkLocalOf, parseIp, parsePrefix } from '../../../lib/model/address.js';
import { ETHER_TYPE, type FieldName } from '../../../lib/openflow/field.js';
import { parseValue } from '../../../lib/openflow/value.js';
import { detailOf } from '../../../lib/pipeline/cookie.js';
import { type DropReason, dropReasonOf } from '../../../lib/pipeline/drop-reason.js';
import type { PortSecurity } from '../../../lib/pipeline/facts.js';
import { guardFlows } from '../../../lib/pipeline/guard.js';
import { tableNumber } from '../../../lib/pipeline/tables.js';
import { portSecurity } from '../../../lib/plan/port-security.js';
import { runFlows } from './run-flows.js';

const MAC = '52:54:00:09:00:01';
const OTHER = '52:54:00:09:00:02';
const NO_MAC = '00:00:00:00:00:00';
const VTEP = '198.18.2.10';
/** VXLAN, GRE, Geneve. */
const CARRIERS = [
  { kind: 'udp', port: 4789 },
  { kind: 'ip', protocol: 47 },
  { kind: 'udp', port: 6081 },
] as const;
const LINK_LOCAL = linkLocalOf(MAC);

/** A frame as a switch reads it. */
interface Sent {
  readonly mac: string;
  readonly tagged: boolean;
  readonly kind: 'arp' | 'rarp' | 'ipv4' | 'ipv6' | 'other';
  readonly ip: string;
  readonly ip6: string;
  readonly to: string;
  /** In ARP and RARP: sender hardware address; in neighbour discovery: the option. */
  readonly claims: string;
  readonly operation: number;
  readonly protocol: number;
  readonly source: number;
  readonly port: number;
  readonly type: number;
  readonly target: string;
}

const frames: fc.Arbitrary<Sent> = fc.record({
  mac: fc.constantFrom(MAC, MAC, MAC, OTHER),
  tagged: fc.constantFrom(false, false, false, true),
  kind: fc.constantFrom('arp', 'rarp', 'ipv4', 'ipv6', 'ipv6', 'other'),
  ip: fc.constantFrom('10.9.0.1', '10.9.0.2', '0.0.0.0'),
  ip6: fc.constantFrom('fd00:9::1', 'fd00:9::2', LINK_LOCAL, 'fe80::1', '::'),
  to: fc.constantFrom('10.9.0.9', VTEP),
  claims: fc.constantFrom(MAC, OTHER, NO_MAC),
  operation: fc.constantFrom(1, 2, 3, 4),
  protocol: fc.constantFrom(6, 17, 17, 47, 58, 58),
  source: fc.constantFrom(68, 67, 50_000),
  port: fc.constantFrom(67, 68, 546, 80, 4789, 6081),
  type: fc.constantFrom(128, 133, 134, 135, 136, 137, 143),
  target: fc.constantFrom('fd00:9::1', 'fd00:9::2', LINK_LOCAL, '::'),
});

const securities: fc.Arbitrary<PortSecurity> = fc
  .record({
    addresses: fc.constantFrom<string[]>([], ['10.9.0.1/24'], ['10.9.0.1/24', 'fd00:9::1/64']),
    macs: fc.constantFrom<string[]>([], [OTHER]),
    prefixes: fc.constantFrom<string[]>([], ['10.9.0.0/24', 'fe80::/64']),
    flags: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  })
  .map(({ addresses, macs, prefixes, flags: [dhcpServer, routerAdvertisements, vlan] }) => {
    const allow = { any: false, macs, prefixes, dhcpServer, routerAdvertisements, vlan };
    const security = portSecurity({ network: 'blue', mac: MAC, addresses, allow });
    if (security === null) throw new Error('it may send anything');
    return security;
  });

/** Why a frame is to be dropped; null: it goes on. The rules once more, as a person would say them. */
function judged(may: PortSecurity, frame: Sent): DropReason | null {
  const isOf = (sources: readonly string[] | null, address: string) =>
    sources === null || sources.some((source) => holds(source, address));
  const udp = frame.protocol === 17;
  const isIp = frame.kind === 'ipv4' || frame.kind === 'ipv6';
  if (frame.tagged && !may.mayTag) return 'vlan';
  const isTunnelled = frame.protocol === 47 || (udp && (frame.port === 4789 || frame.port === 6081));
  if (frame.kind === 'ipv4' && isTunnelled && frame.to === VTEP) return 'vtep';
  if (isIp && udp && frame.port === (frame.kind === 'ipv4' ? 68 : 546) && !may.mayServeDhcp) return 'dhcp-server';
  if (!may.macs.includes(frame.mac)) return 'mac';
  if (frame.kind === 'other') return 'ethertype';
  if (frame.kind === 'rarp') return frame.operation === 3 && frame.claims === frame.mac ? null : 'rarp';
  if (frame.kind === 'arp')
    return frame.claims === frame.mac && (frame.ip === '0.0.0.0' || isOf(may.ipv4, frame.ip)) ? null : 'arp';
  if (frame.kind === 'ipv4') {
    const asks = udp && frame.source === 68 && frame.port === 67 && frame.ip === '0.0.0.0';
    return isOf(may.ipv4, frame.ip) || asks ? null : 'ipv4';
  }
  const icmp = frame.protocol === 58;
  if (!isOf(may.ipv6, frame.ip6) && !(icmp && frame.ip6 === '::')) return 'ipv6';
  if (icmp && (frame.type === 134 || frame.type === 137) && !may.mayAdvertiseRouter) return 'router-advertisement';
  if (!icmp || (frame.type !== 135 && frame.type !== 136)) return null;
  const isItself = frame.claims === NO_MAC || may.macs.includes(frame.claims);
  const isTarget = frame.target !== '::' && (frame.type === 135 || isOf(may.ipv6, frame.target));
  return isItself && isTarget ? null : 'neighbour';
}

function holds(source: string, address: string): boolean {
  const [prefix, ip] = [parsePrefix(source), parseIp(address)];
  return prefix !== null && ip !== null && contains(prefix, ip);
}

function fieldsOf(frame: Sent): ReadonlyMap<FieldName, bigint> {
  const etherType = {
    arp: ETHER_TYPE.arp,
    rarp: ETHER_TYPE.rarp,
    ipv4: ETHER_TYPE.ip,
    ipv6: ETHER_TYPE.ipv6,
    other: 0x88cc,
  };
  const value = (field: FieldName, text: string): [FieldName, bigint] => [field, parseValue(field, text)];
  const arp = [value('arp_sha', frame.claims), value('arp_spa', frame.ip), value('arp_op', String(frame.operation))];
  const isNd = frame.type === 135 || frame.type === 136;
  const icmp6 = [
    value('icmp_type', String(frame.type)),
    ...(isNd ? [value('nd_target', frame.target), value(frame.type === 135 ? 'nd_sll' : 'nd_tll', frame.claims)] : []),
  ];
  const transport = [
    value('nw_proto', String(frame.protocol)),
    ...(frame.protocol === 58 ? icmp6 : [value('tp_src', String(frame.source)), value('tp_dst', String(frame.port))]),
  ];
  const inside = {
    arp,
    rarp: arp,
    ipv4: [value('ip_src', frame.ip), value('ip_dst', frame.to), ...transport],
    ipv6: [value('ipv6_src', frame.ip6), ...transport],
    other: [],
  };
  return new Map([
    ['in_port', 201n],
    value('eth_src', frame.mac),
    ['eth_type', BigInt(etherType[frame.kind])],
    ['vlan_tci', frame.tagged ? 0x1007n : 0n],
    ...inside[frame.kind],
  ]);
}

t.test('a frame goes on if it says of its VM only what is true, and else is dropped under the reason', async (t) => {
  const met = new Set<DropReason | null>();
  fc.assert(
    fc.property(securities, fc.array(frames, { minLength: 20, maxLength: 40 }), (security, list) => {
      const port = { ofport: 201, incoming: null, security };
      const access = { network: [], sender: [], receiver: [] };
      const flows = guardFlows({
        tunnels: [],
        relays: false,
        locals: [port],
        vteps: [VTEP],
        carriers: CARRIERS,
        access,
      });
      for (const frame of list) {
        const { reached, cookie } = runFlows(flows, tableNumber('guard'), fieldsOf(frame));
        const expected = judged(security, frame);
        met.add(expected);
        t.equal(
          reached === null ? dropReasonOf(detailOf('security', cookie) ?? 0) : null,
          expected,
          JSON.stringify(frame),
        );
        if (reached !== null && reached !== tableNumber('acl_network')) return false;
      }
      return true;
    }),
    { numRuns: 150 },
  );
  t.equal(met.size, 12, 'every reason was met, and none');
});

t.test('a port at which everything is allowed is not guarded', async (t) => {
  const allow = { any: true, macs: [], prefixes: [], dhcpServer: false, routerAdvertisements: false, vlan: false };
  t.equal(portSecurity({ network: 'blue', mac: MAC, addresses: [], allow }), null);
});
