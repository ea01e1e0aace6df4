import type { Change } from '../model/change.js';
import { diffFlows } from '../openflow/diff.js';
import type { Flow } from '../openflow/flow.js';
import { isTransient } from '../pipeline/cookie.js';
import type { BridgeFacts, Way } from '../pipeline/facts.js';
import { fdbEntries } from '../pipeline/fdb.js';
import { bridgeFlows } from '../pipeline/flows.js';
import { change } from './change.js';
import type { DesiredBridge, DesiredNetwork } from './desired.js';
import type { DesiredTap, NamedWay } from './desired-ports.js';
import type { BridgeFlows } from './host-plan.js';
import type { ObservedBridge } from './observed.js';
import { waysThrough } from './ways.js';

/** The flows of one host's bridges: what is missing, what differs, what is ours and no longer wanted. */
export function planFlows(
  desired: DesiredNetwork,
  observed: readonly ObservedBridge[],
  ofports: ReadonlyMap<string, ReadonlyMap<string, number>>,
): { readonly changes: Change[]; readonly flows: BridgeFlows[] } {
  const changes: Change[] = [];
  const flows: BridgeFlows[] = [];
  for (const bridge of desired.bridges) {
    const numbers = ofports.get(bridge.name) ?? new Map<string, number>();
    const facts = bridgeFacts(bridge, numbers);
    const there = observed.find((candidate) => candidate.name === bridge.name)?.flows ?? [];
    // A flow without our cookie in a bridge of ours would undo what the pipeline promises (a NORMAL makes a storm).
    const diff = diffFlows(
      bridgeFlows(facts),
      there,
      (flow) => !isTransient(flow) || misleads(flow, { ...bridge, numbers, tunnels: facts.tunnels }),
    );
    const { add, remove } = diff;
    const misled = remove.filter(isTransient).length;
    const foreign = remove.length - misled;
    if (add.length + remove.length === 0) continue;
    flows.push({ bridge: bridge.name, diff });
    const why = [
      ...(add.length > 0 ? [`${add.length} missing or different`] : []),
      ...(foreign > 0 ? [`${foreign} that do not belong there`] : []),
      ...(misled > 0 ? [`${misled} learned that lead astray`] : []),
    ];
    changes.push(change(desired.host, 'flows', bridge.name, there.length === 0 ? 'create' : 'update', why.join(', ')));
  }
  return { changes, flows };
}

/**
 * A learned entry that sends a VM's frames elsewhere than to the VM, or anybody's into a tunnel that the bridge does
 * not have (any more): until it ages, nothing else would fix it for one who is silent.
 */
function misleads(flow: Flow, { behind, numbers, tunnels }: Known): boolean {
  const [entry] = fdbEntries([flow]);
  if (entry === undefined) return false;
  const ways = behind.get(entry.mac);
  if (ways !== undefined)
    return !ways.some(({ port, remote }) => numbers.get(port) === entry.ofport && remote === entry.remote);
  return entry.isFar && !tunnels.some(({ ofport, remote }) => ofport === entry.ofport && remote === entry.remote);
}

interface Known extends Pick<DesiredBridge, 'behind'>, Pick<BridgeFacts, 'tunnels'> {
  readonly numbers: ReadonlyMap<string, number>;
}

/** @throws Error where the port has no number */
function numbered({ port, remote }: NamedWay, ofports: ReadonlyMap<string, number>): Way {
  const ofport = ofports.get(port);
  if (ofport === undefined) throw new Error(`port ${port} has no OpenFlow number`);
  return { ofport, remote };
}

export function bridgeFacts(bridge: DesiredBridge, ofports: ReadonlyMap<string, number>): BridgeFacts {
  const way = (named: NamedWay) => numbered(named, ofports);
  const arrival = (tap: DesiredTap) =>
    tap.incoming === null ? null : { macs: tap.incoming.macs, tunnel: way(tap.incoming.through) };
  return {
    relays: bridge.relays,
    vteps: bridge.vteps,
    carriers: bridge.carriers,
    access: bridge.access,
    tunnels: bridge.ports.flatMap((port) => (port.kind === 'tunnel' ? waysThrough(port).map(way) : [])),
    locals: bridge.ports.flatMap((port) =>
      port.kind === 'tunnel'
        ? []
        : [
            {
              ofport: way({ port: port.name, remote: null }).ofport,
              incoming: port.kind === 'tap' ? arrival(port) : null,
              security: port.kind === 'tap' ? port.security : null,
            },
          ],
    ),
  };
}
