import type { Command } from '../model/command.js';
import { diffFlows } from '../openflow/diff.js';
import { bridgeFlows } from '../pipeline/flows.js';
import type { DesiredBridge, DesiredNetwork } from './desired.js';
import { bridgeFacts } from './flow-plan.js';
import type { BridgeFlows } from './host-plan.js';
import { barrierOf, liftBarrier } from './kernel-barrier.js';
import { deleteLink } from './link-plan.js';
import type { ObservedNetwork } from './observed.js';
import { assignOfports } from './ofports.js';

/** What a host no longer needs when VMs have come and gone; ports by their names, for they may not be there yet. */
export interface AfterMoves {
  readonly flows: readonly BridgeFlows[];
  readonly ports: readonly { readonly bridge: string; readonly port: string }[];
  readonly commands: readonly Command[];
}

/**
 * From a host that holds all of `before` (with the taps of the VMs on their way to it) to `after`.
 *
 * @param observed the host as it was before both: it knows the numbers of the ports that were there
 */
export function planAfterMoves(
  topology: string,
  before: DesiredNetwork,
  after: DesiredNetwork,
  observed: ObservedNetwork,
): AfterMoves {
  const bridges = before.bridges.flatMap((bridge) => {
    const later = after.bridges.find((candidate) => candidate.name === bridge.name);
    return later === undefined ? [] : [afterMoves(bridge, later, observed)];
  });
  return {
    flows: bridges.flatMap(({ flows }) => (flows.diff.add.length + flows.diff.remove.length === 0 ? [] : [flows])),
    ports: bridges.flatMap(({ ports }) => ports),
    commands: bridges.flatMap(({ ports }) =>
      ports.flatMap(({ port }) => [
        deleteLink(port),
        ...(before.datapath === 'netdev' ? [liftBarrier(barrierOf(topology, port))] : []),
      ]),
    ),
  };
}

function afterMoves(before: DesiredBridge, after: DesiredBridge, observed: ObservedNetwork) {
  const numbers = assignOfports(
    before.ports,
    observed.bridges.find((candidate) => candidate.name === before.name),
  );
  const diff = diffFlows(
    bridgeFlows(bridgeFacts(after, numbers)),
    bridgeFlows(bridgeFacts(before, numbers)),
    () => true,
  );
  const gone = before.ports.filter((port) => !after.ports.some((candidate) => candidate.name === port.name));
  return {
    flows: { bridge: before.name, diff },
    ports: gone.map((port) => ({ bridge: before.name, port: port.name })),
  };
}
