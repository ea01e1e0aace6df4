import { type Action, gotoTable } from '../openflow/action.js';
import { ETHER_TYPE, type FieldName, IP_PROTOCOL } from '../openflow/field.js';
import { type Flow, flowKey } from '../openflow/flow.js';
import { match } from '../openflow/match.js';
import { cookieOf } from './cookie.js';
import type { AccessEnd, AccessLists, AccessRule } from './facts.js';
import { portBlocks } from './port-blocks.js';
import { type TableName, tableNumber } from './tables.js';

type Terms = { readonly [Name in FieldName]?: string | number };
type AccessTable = 'acl_network' | 'acl_sender' | 'acl_receiver';

const NEXT: Readonly<Record<AccessTable, TableName>> = {
  acl_network: 'acl_sender',
  acl_sender: 'acl_receiver',
  acl_receiver: 'admit',
};

/** Below it rules stand by their place in the list. */
const FIRST_RULE = 60_000;
const FAMILIES = [4, 6] as const;
const ETHER_TYPE_OF = { 4: ETHER_TYPE.ip, 6: ETHER_TYPE.ipv6 } as const;
const PROTOCOL_OF = {
  any: { 4: null, 6: null },
  tcp: { 4: IP_PROTOCOL.tcp, 6: IP_PROTOCOL.tcp },
  udp: { 4: IP_PROTOCOL.udp, 6: IP_PROTOCOL.udp },
  icmp: { 4: IP_PROTOCOL.icmp, 6: IP_PROTOCOL.icmp6 },
} as const;
/** Router and neighbour discovery (RFC 4861 §4). */
const ND_TYPES = [133, 134, 135, 136, 137];
const GROUP = '01:00:00:00:00:00/01:00:00:00:00:00';

/** The cookie's detail of TCP that hides its ports and flags from the rules; no rule has it. */
export const HIDDEN_HEADER = 0xffffffff;

/** The three lists, one table each. Nothing in them depends on ports: they are the same on every host. */
export function accessFlows(lists: AccessLists): Flow[] {
  const { network, sender, receiver } = lists;
  const hasRules = [network, ...sender, ...receiver].some((list) => list.length > 0);
  return [
    ...(Object.keys(NEXT) as AccessTable[]).map((table) => flow(table, 0, {}, pass(NEXT[table]))),
    ...(hasRules ? exemptions() : []),
    ...listFlows('acl_network', [network]),
    ...listFlows('acl_sender', sender),
    ...listFlows('acl_receiver', receiver),
  ];
}

/**
 * Rules decide about TCP by the segment that opens a connection, so that nothing of a connection need be remembered, or
 * moved with a VM: what has ACK or RST belongs to one that stands. What does not show its flags is no such segment.
 */
function exemptions(): Flow[] {
  const past = pass('admit');
  return [
    ...FAMILIES.flatMap((family) => {
      const tcp = { eth_type: ETHER_TYPE_OF[family], nw_proto: IP_PROTOCOL.tcp };
      return [
        flow('acl_network', 65_000, { ...tcp, tcp_flags: '+ack' }, past),
        flow('acl_network', 65_000, { ...tcp, tcp_flags: '+rst' }, past),
        // A first fragment that ends within the header would get an opening past every rule (RFC 1858 §3).
        {
          ...flow('acl_network', 64_000, { ...tcp, ip_frag: 'first', tp_src: 0, tp_dst: 0 }, []),
          cookie: cookieOf('access', HIDDEN_HEADER),
        },
      ];
    }),
    ...ND_TYPES.map((type) =>
      flow('acl_network', 65_000, { eth_type: ETHER_TYPE.ipv6, nw_proto: IP_PROTOCOL.icmp6, icmp_type: type }, past),
    ),
  ];
}

/** Lists of different VMs share priorities: a frame has one sender and one receiver. */
function listFlows(table: AccessTable, lists: readonly (readonly AccessRule[])[]): Flow[] {
  const flows = new Map<string, Flow>();
  for (const list of lists) {
    for (const [index, rule] of list.entries()) {
      for (const one of ruleFlows(table, rule, FIRST_RULE - index)) {
        const key = flowKey(one);
        if (!flows.has(key)) flows.set(key, one);
      }
    }
  }
  return [...flows.values()];
}

function ruleFlows(table: AccessTable, rule: AccessRule, priority: number): Flow[] {
  const cookie = cookieOf('access', rule.id);
  const actions = rule.action === 'allow' ? pass(NEXT[table]) : [];
  const ports = rule.ports === null ? [{}] : portBlocks(rule.ports).map((block) => ({ tp_dst: block }));
  return FAMILIES.flatMap((family) => {
    const protocol = PROTOCOL_OF[rule.protocol][family];
    const base = { eth_type: ETHER_TYPE_OF[family], ...(protocol === null ? {} : { nw_proto: protocol }) };
    return sources(rule.from, family).flatMap((from) =>
      destinations(rule.to, family).flatMap((to) =>
        ports.map((port) => ({ ...flow(table, priority, { ...base, ...from, ...to, ...port }, actions), cookie })),
      ),
    );
  });
}

function sources(ends: readonly AccessEnd[], family: 4 | 6): Terms[] {
  return ends.flatMap((end): Terms[] => {
    if (end.kind === 'any') return [{}];
    if (end.kind === 'mac') return [{ eth_src: end.mac }];
    // Who it is says its MAC, which port security has made true.
    if (end.family !== family || end.grouped) return [];
    return [family === 4 ? { ip_src: end.prefix } : { ipv6_src: end.prefix }];
  });
}

function destinations(ends: readonly AccessEnd[], family: 4 | 6): Terms[] {
  return ends.flatMap((end): Terms[] => {
    if (end.kind === 'any') return [{}];
    if (end.kind === 'mac') return [{ eth_dst: end.mac }];
    if (end.family !== family) return [];
    const group = end.grouped ? { eth_dst: GROUP } : {};
    return [{ ...group, ...(family === 4 ? { ip_dst: end.prefix } : { ipv6_dst: end.prefix }) }];
  });
}

function pass(table: TableName): readonly Action[] {
  return [gotoTable(tableNumber(table))];
}

function flow(table: TableName, priority: number, terms: Terms, actions: readonly Action[]): Flow {
  return { table: tableNumber(table), cookie: cookieOf('access'), priority, match: match(terms), actions };
}
