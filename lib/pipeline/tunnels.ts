import { type Action, gotoTable, output, outputInPort, set } from '../openflow/action.js';
import { bits, type FieldName, wholeField } from '../openflow/field.js';
import type { Flow } from '../openflow/flow.js';
import { is, match, renderMatch } from '../openflow/match.js';
import { parseValue, renderValue } from '../openflow/value.js';
import { fromTunnel, outPort } from './bits.js';
import { cookieOf } from './cookie.js';
import { DROP_REASONS } from './drop-reason.js';
import type { Way } from './facts.js';
import { tableNumber } from './tables.js';

/** The fields that hold a tunnel's two ends, by family; a packet has those of one family. */
const TUNNEL_ENDS = [
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

/** Before a frame leaves by the way's port: says which of the endpoints behind it is meant. */
export function aimAt({ remote }: Way): Action[] {
  if (remote === null) return [];
  const { destination } = endsOf(remote);
  return [set(wholeField(destination), parseValue(destination, remote))];
}

/** Lets a frame go that way. */
export function outputTo(way: Way): Action[] {
  return [...aimAt(way), output(way.ofport)];
}

/** The endpoint that some actions aim at; null: none. */
export function aimOf(actions: readonly Action[]): string | null {
  for (const action of actions) {
    const end = action.kind === 'set' && TUNNEL_ENDS.find(({ destination }) => destination === action.target.field);
    if (end) return renderValue(end.destination, action.value);
  }
  return null;
}

/** Tunnel ports: what comes from them is marked, because it must not go back into the mesh (split horizon). */
export function tunnelFlows(tunnels: readonly Way[]): Flow[] {
  const shared = new Map<number, string[]>();
  for (const { ofport, remote } of tunnels)
    if (remote !== null) shared.set(ofport, [...(shared.get(ofport) ?? []), remote]);
  return [
    ...tunnels.map(acceptFlow),
    ...[...shared].flatMap(([ofport, remotes]) => [strangerFlow(ofport), ...turnFlows(ofport, remotes)]),
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

/**
 * From one host to another by the same port, which a plain output would not do. Never back to the host that it came
 * from: two that each have a MAC behind the other would send its frames round and round. OpenFlow cannot compare two
 * fields, but where hosts differ they differ in one of few bits.
 */
function turnFlows(ofport: number, remotes: readonly string[]): Flow[] {
  const { source, destination } = endsOf(remotes[0] ?? '');
  return tellingBits(remotes.map((remote) => parseValue(source, remote))).flatMap((bit) =>
    ([0, 1] as const).map((from) => ({
      table: tableNumber('deliver'),
      cookie: cookieOf('tunnel'),
      priority: 100,
      match: match(
        { in_port: ofport },
        is(outPort, ofport),
        is(bits(source, bit, bit), from),
        is(bits(destination, bit, bit), 1 - from),
      ),
      actions: [outputInPort],
    })),
  );
}

/** Some bits, counted from the lowest, in one of which at least any two of the values differ. */
function tellingBits(values: readonly bigint[]): number[] {
  const chosen: number[] = [];
  let alike = [values];
  for (let bit = 0; alike.length < values.length; bit++) {
    const isSet = (value: bigint) => ((value >> BigInt(bit)) & 1n) === 1n;
    const split = alike
      .flatMap((group) => [group.filter(isSet), group.filter((value) => !isSet(value))])
      .filter((group) => group.length > 0);
    if (split.length > alike.length) chosen.push(bit);
    alike = split;
  }
  return chosen;
}

/** From whom a bridge takes frames by a port that leads to many, out of all its flows. */
export function acceptedAt(flows: readonly Flow[], ofport: number): string[] {
  const pattern = new RegExp(`^tun_(?:ipv6_)?src=([^,/]+),in_port=${ofport}$`);
  const taken = flows.filter((flow) => flow.table === tableNumber('classify') && flow.actions.length > 0);
  return taken.flatMap((flow) => pattern.exec(renderMatch(flow.match))?.[1] ?? []);
}
