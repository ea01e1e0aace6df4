/**
 * What a bridge may be told beside its flows, and what then forwards, blocks or takes the flows away
 * (ovs-vswitchd.conf.db(5), table Bridge).
 */
export interface Switching {
  /** Targets of OpenFlow controllers, as `tcp:192.0.2.1:6653`: one that connects may replace all flows. */
  readonly controllers: readonly string[];
  readonly stp: boolean;
  readonly rstp: boolean;
  readonly multicastSnooping: boolean;
  /** OpenFlow versions that the bridge speaks; empty: all that vxmig needs. */
  readonly protocols: readonly string[];
}

/** How vxmig's bridges are: by their flows alone. */
export const BY_FLOWS_ALONE: Switching = {
  controllers: [],
  stp: false,
  rstp: false,
  multicastSnooping: false,
  protocols: [],
};

/** A phrase for each setting that is not so, with what it does to the network. */
export function switchingFaults({ controllers, stp, rstp, multicastSnooping, protocols }: Switching): string[] {
  const targets = controllers.join(', ');
  return [
    ...(controllers.length === 0 ? [] : [`somebody has set a controller (${targets}), which may replace its flows`]),
    ...(stp ? ['somebody has turned STP on, which blocks ports'] : []),
    ...(rstp ? ['somebody has turned RSTP on, which blocks ports'] : []),
    ...(multicastSnooping ? ['somebody has turned multicast snooping on'] : []),
    ...(protocols.length === 0 ? [] : [`somebody has bound it to ${protocols.join(', ')}`]),
  ];
}
