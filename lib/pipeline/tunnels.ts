import { type Action, gotoTable, outputInPort, set } from '../openflow/action.js';
import { type FieldName, wholeField } from '../openflow/field.js';
import type { Flow } from '../openflow/flow.js';
import { is, match, renderMatch } from '../openflow/match.js';
import { parseValue, renderValue } from '../openflow/value.js';
import { fromTunnel, outPort } from './bits.js';
import { cookieOf } from './cookie.js';
import { DROP_REASONS } from './drop-reason.js';
import type { Way } from './facts.js';
import { tableNumber } from './tables.js';

/** The fields that hold a tunnel's two ends, by family; a packet has those of one family. */
export const TUNNEL_ENDS = [
  { source: 'tun_src', destination: 'tun_dst' },
  { source: 'tun_ipv6_src', destination: 'tun_ipv6_dst' },
] as const satisfies readonly { source: FieldName; destination: FieldName }[];

export function endsOf(remote: string) {
  return TUNNEL_ENDS[remote.includes(':') ? 1 : 0];
}

/** What a frame that came that way looks like. */
export function cameBy({ ofport, remote }: Way): Parameters<typeof match>[0] {
  return { in_port: ofport, ...(remote === null ? {} : { [endsOf(remote).source]: remote }) };
}

/** Before an output to the way's port: says which of the endpoints behind it is meant. */
export function aimAt({ remote }: Way): Action[] {
  if (remote === null) return [];
  const { destination } = endsOf(remote);
  return [set(wholeField(destination), parseValue(destination, remote))];
}

/** The endpoint that some actions aim at; null: none. */
export function aimOf(actions: readonly Action[]): string | null {
  for (const action of actions) {
    const end = action.kind === 'set' && TUNNEL_ENDS.find(({ destination }) => destination === action.target.field);
    if (end) return renderValue(end.destination, action.value);
  }
  return null;
}

/** VXLAN ports: what comes from them is marked, because it must not go back into the mesh (split horizon). */
export function tunnelFlows(tunnels: readonly Way[]): Flow[] {
  const shared = new Set(tunnels.flatMap(({ ofport, remote }) => (remote === null ? [] : [ofport])));
  return [
    ...tunnels.map(acceptFlow),
    ...[...shared].flatMap((ofport) => [strangerFlow(ofport), turnFlow(ofport)]),
    ...tunnels.flatMap((way) => (way.remote === null ? [] : [reflectionFlow(way.ofport, way.remote)])),
  ];
}

function acceptFlow(way: Way): Flow {
  return {
    table: tableNumber('classify'),
    cookie: cookieOf('tunnel'),
    priority: 100,
    match: match(cameBy(way)),
    actions: [set(fromTunnel, 1), gotoTable(tableNumber('admit'))],
  };
}

/** To a port that leads to many, anybody can send who knows the network's number. */
function strangerFlow(ofport: number): Flow {
  return {
    table: tableNumber('classify'),
    cookie: cookieOf('security', DROP_REASONS.endpoint.id),
    priority: 50,
    match: match({ in_port: ofport }),
    actions: [],
  };
}

/** From one host to another by the same port, which a plain output would not do. */
function turnFlow(ofport: number): Flow {
  return {
    table: tableNumber('deliver'),
    cookie: cookieOf('tunnel'),
    priority: 100,
    match: match({ in_port: ofport }, is(outPort, ofport)),
    actions: [outputInPort],
  };
}

/** But not to the host that it came from: two that each have a MAC behind the other would send its frames round and round. */
function reflectionFlow(ofport: number, remote: string): Flow {
  const { destination } = endsOf(remote);
  return {
    table: tableNumber('deliver'),
    cookie: cookieOf('tunnel'),
    priority: 150,
    match: match({ ...cameBy({ ofport, remote }), [destination]: remote }, is(outPort, ofport)),
    actions: [],
  };
}

/** From whom a bridge takes frames by a port that leads to many, out of all its flows. */
export function acceptedAt(flows: readonly Flow[], ofport: number): string[] {
  const pattern = new RegExp(`^tun_(?:ipv6_)?src=([^,/]+),in_port=${ofport}$`);
  const taken = flows.filter((flow) => flow.table === tableNumber('classify') && flow.actions.length > 0);
  return taken.flatMap((flow) => pattern.exec(renderMatch(flow.match))?.[1] ?? []);
}
