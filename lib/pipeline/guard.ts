import { type Action, gotoTable, resubmit, set } from '../openflow/action.js';
import { ETHER_TYPE, type FieldName, IP_PROTOCOL } from '../openflow/field.js';
import type { Flow } from '../openflow/flow.js';
import { is, type Match, match } from '../openflow/match.js';
import { toVtep } from './bits.js';
import { cookieOf } from './cookie.js';
import { DROP_REASONS, type DropReason } from './drop-reason.js';
import type { BridgeFacts, Carrier, PortSecurity } from './facts.js';
import { type TableName, tableNumber } from './tables.js';

/** What clients listen at (RFC 2131 §4.1, RFC 8415 §7.2): only servers and relays send there. */
const DHCP_CLIENT = 68;
const DHCP_SERVER = 67;
const DHCP6_CLIENT = 546;
/** RFC 903: the only kind that a machine sends to say that it is there. */
const RARP_REQUEST = 3;
/** RFC 4861 §4. */
const ND = { routerAdvertisement: 134, solicitation: 135, advertisement: 136, redirect: 137 } as const;
/** Bit 12 of the tag control information: there is a tag at all. */
const TAGGED = '0x1000/0x1000';
const NO_MAC = '00:00:00:00:00:00';

const ip = { eth_type: ETHER_TYPE.ip };
const ipv6 = { eth_type: ETHER_TYPE.ipv6 };
const arp = { eth_type: ETHER_TYPE.arp };
const rarp = { eth_type: ETHER_TYPE.rarp };
const udp = { ...ip, nw_proto: IP_PROTOCOL.udp };
const udp6 = { ...ipv6, nw_proto: IP_PROTOCOL.udp };
const icmp6 = { ...ipv6, nw_proto: IP_PROTOCOL.icmp6 };

type Terms = { readonly [Name in FieldName]?: string | number };

/** Port security: what a VM may send is let through, and everything else is dropped and counted by port and reason. */
export function guardFlows({ locals, vteps, carriers }: BridgeFacts): Flow[] {
  const guarded = locals.flatMap(({ ofport, security }) => (security === null ? [] : [{ ofport, security }]));
  return [
    ...(guarded.length === 0 ? [] : carriers.flatMap((carrier) => vteps.map((address) => vtepFlow(address, carrier)))),
    { ...flow('neighbour', 0, {}, pass('acl_network')) },
    ...guarded.flatMap(({ ofport, security }) => [
      ...guardOf(ofport, security),
      ...sourcesOf(ofport, security),
      ...neighbourOf(ofport, security),
    ]),
  ];
}

/** One flow for each endpoint, and one for each port that counts: not one for each pair. */
function vtepFlow(address: string, carrier: Carrier): Flow {
  const to = address.includes(':') ? { ...ipv6, ipv6_dst: address } : { ...ip, ip_dst: address };
  const actions = [set(toVtep, 1), resubmit({ table: tableNumber('guard') })];
  const what = match({ ...to, ...carriedBy(carrier) }, is(toVtep, 0));
  return { table: tableNumber('guard'), cookie: cookieOf('security'), priority: 70, match: what, actions };
}

/** Of a packet in pieces the first holds the port, and without it nobody puts the others together. */
function carriedBy(carrier: Carrier): Terms {
  if (carrier.kind === 'ip') return { nw_proto: carrier.protocol };
  return { nw_proto: IP_PROTOCOL.udp, tp_dst: carrier.port };
}

/** What no source makes right. */
function guardOf(ofport: number, security: PortSecurity): Flow[] {
  const port = { in_port: ofport };
  return [
    ...(security.mayTag ? [] : [drop('guard', 90, { ...port, vlan_tci: TAGGED }, 'vlan')]),
    dropMatch('guard', 80, match(port, is(toVtep, 1)), 'vtep'),
    ...(security.mayServeDhcp
      ? []
      : [
          drop('guard', 60, { ...port, ...udp, tp_dst: DHCP_CLIENT }, 'dhcp-server'),
          drop('guard', 60, { ...port, ...udp6, tp_dst: DHCP6_CLIENT }, 'dhcp-server'),
        ]),
    drop('guard', 0, port, 'mac'),
  ];
}

/** Who it says it is. */
function sourcesOf(ofport: number, { macs, ipv4, ipv6: sources }: PortSecurity): Flow[] {
  return macs.flatMap((mac) => {
    const own = { in_port: ofport, eth_src: mac };
    const on = (terms: Terms) => flow('guard', 50, { ...own, ...terms }, pass('acl_network'));
    // IPv6 still has to be looked at for what its neighbour discovery says.
    const on6 = (terms: Terms) => flow('guard', 50, { ...own, ...terms }, pass('neighbour'));
    return [
      // 0.0.0.0: a probe (RFC 5227 §1.1), and DHCP of a machine that has no address yet.
      ...(ipv4 === null
        ? [on({ ...arp, arp_sha: mac }), on(ip)]
        : [
            ...unique(['0.0.0.0', ...ipv4]).map((spa) => on({ ...arp, arp_sha: mac, arp_spa: spa })),
            ...ipv4.map((source) => on({ ...ip, ip_src: source })),
            on({ ...udp, ip_src: '0.0.0.0', tp_src: DHCP_CLIENT, tp_dst: DHCP_SERVER }),
          ]),
      on({ ...rarp, arp_op: RARP_REQUEST, arp_sha: mac }),
      // The unspecified address: duplicate address detection, and reports of multicast groups before it (RFC 4862
      // §5.4.2, RFC 3590).
      ...(sources === null
        ? [on6(ipv6)]
        : [...sources.map((source) => on6({ ...ipv6, ipv6_src: source })), on6({ ...icmp6, ipv6_src: '::' })]),
      drop('guard', 40, { ...own, ...arp }, 'arp'),
      drop('guard', 40, { ...own, ...rarp }, 'rarp'),
      drop('guard', 40, { ...own, ...ip }, 'ipv4'),
      drop('guard', 40, { ...own, ...ipv6 }, 'ipv6'),
      drop('guard', 30, own, 'ethertype'),
    ];
  });
}

/**
 * What it claims in neighbour discovery: addresses of its own only, and behind its own MAC. An option may be left out
 * (RFC 4861 §4.3, §4.4).
 */
function neighbourOf(ofport: number, { macs, ipv6: targets, mayAdvertiseRouter }: PortSecurity): Flow[] {
  const nd = (type: number) => ({ in_port: ofport, ...icmp6, icmp_type: type });
  const on = (terms: Terms) => flow('neighbour', 50, terms, pass('acl_network'));
  const links = [NO_MAC, ...macs];
  const claims: readonly Terms[] = targets === null ? [{}] : targets.map((target) => ({ nd_target: target }));
  return [
    ...(mayAdvertiseRouter ? [] : [ND.routerAdvertisement, ND.redirect]).map((type) =>
      drop('neighbour', 60, nd(type), 'router-advertisement'),
    ),
    ...links.flatMap((mac) => [
      on({ ...nd(ND.solicitation), nd_sll: mac }),
      ...claims.map((claim) => on({ ...nd(ND.advertisement), ...claim, nd_tll: mac })),
    ]),
    ...[ND.solicitation, ND.advertisement].flatMap((type) => [
      // The switch reads a message whose options contradict each other as one about `::` without options; hosts take
      // the first option.
      drop('neighbour', 55, { ...nd(type), nd_target: '::' }, 'neighbour'),
      drop('neighbour', 40, nd(type), 'neighbour'),
    ]),
  ];
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

function pass(table: TableName): readonly Action[] {
  return [gotoTable(tableNumber(table))];
}

function flow(table: TableName, priority: number, terms: Terms, actions: readonly Action[]): Flow {
  return { table: tableNumber(table), cookie: cookieOf('security'), priority, match: match(terms), actions };
}

function drop(table: TableName, priority: number, terms: Terms, reason: DropReason): Flow {
  return dropMatch(table, priority, match(terms), reason);
}

function dropMatch(table: TableName, priority: number, what: Match, reason: DropReason): Flow {
  const cookie = cookieOf('security', DROP_REASONS[reason].id);
  return { table: tableNumber(table), cookie, priority, match: what, actions: [] };
}
