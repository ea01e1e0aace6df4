import type { BridgeColumns, PortColumns } from './host-plan.js';
import type { ObservedBridge, ObservedPort } from './observed.js';

/** What a bridge has now, as a plan would set it. */
export function columnsOfBridge(bridge: ObservedBridge): BridgeColumns {
  const { datapathType, failMode, externalIds, otherConfig, tableNames, mtuRequest, switching } = bridge;
  return { datapathType, failMode, externalIds, otherConfig, tableNames, mtuRequest, switching };
}

/** The same of a port. */
export function columnsOfPort({ externalIds, interface: { type, options, ofportRequest } }: ObservedPort): PortColumns {
  return { externalIds, type, options, ofportRequest };
}
