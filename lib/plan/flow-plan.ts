import type { Change } from '../model/change.js';
import { diffFlows } from '../openflow/diff.js';
import type { Flow } from '../openflow/flow.js';
import { isTransient } from '../pipeline/cookie.js';
import type { BridgeFacts } from '../pipeline/facts.js';
import { fdbEntries } from '../pipeline/fdb.js';
import { bridgeFlows } from '../pipeline/flows.js';
import { change } from './change.js';
import type { DesiredBridge, DesiredHost, DesiredTap } from './desired.js';
import type { BridgeFlows } from './host-plan.js';
import type { ObservedBridge } from './observed.js';

/** The flows of one host's bridges: what is missing, what differs, what is ours and no longer wanted. */
export function planFlows(
  desired: DesiredHost,
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
    const diff = diffFlows(bridgeFlows(facts), there, (flow) => !isTransient(flow) || misleads(flow, bridge, numbers));
    const { add, remove } = diff;
    const misled = remove.filter(isTransient).length;
    const foreign = remove.length - misled;
    if (add.length + remove.length === 0) continue;
    flows.push({ bridge: bridge.name, diff });
    const why = [
      ...(add.length > 0 ? [`${add.length} missing or different`] : []),
      ...(foreign > 0 ? [`${foreign} that do not belong there`] : []),
      ...(misled > 0 ? [`${misled} learned that have a VM where it is not`] : []),
    ];
    changes.push(change(desired.host, 'flows', bridge.name, there.length === 0 ? 'create' : 'update', why.join(', ')));
  }
  return { changes, flows };
}

/** A learned entry that sends a VM's frames elsewhere than to the VM: until it ages, nothing else would mend it for a silent VM. */
function misleads(flow: Flow, bridge: DesiredBridge, ofports: ReadonlyMap<string, number>): boolean {
  const [entry] = fdbEntries([flow]);
  const port = entry === undefined ? undefined : bridge.behind.get(entry.mac);
  return entry !== undefined && port !== undefined && ofports.get(port) !== entry.ofport;
}

export function bridgeFacts(bridge: DesiredBridge, ofports: ReadonlyMap<string, number>): BridgeFacts {
  const number = (name: string): number => {
    const ofport = ofports.get(name);
    if (ofport === undefined) throw new Error(`port ${name} has no OpenFlow number`);
    return ofport;
  };
  const arrival = (tap: DesiredTap) =>
    tap.incomingThrough === null ? null : { mac: tap.mac, tunnel: number(tap.incomingThrough) };
  return {
    relays: bridge.relays,
    vteps: bridge.vteps,
    access: bridge.access,
    tunnels: bridge.ports.filter((port) => port.kind === 'tunnel').map((port) => number(port.name)),
    locals: bridge.ports.flatMap((port) =>
      port.kind === 'tunnel'
        ? []
        : [
            {
              ofport: number(port.name),
              incoming: port.kind === 'tap' ? arrival(port) : null,
              security: port.kind === 'tap' ? port.security : null,
            },
          ],
    ),
  };
}
