export interface TcpCounters {
  /** RFC 4022, tcpRetransSegs. */
  readonly retransmits: number;
  /** Linux's TCPTimeouts: retransmission timers that ran out. Tail loss probes (RFC 8985) are not among them. */
  readonly timeouts: number;
  /**
   * Linux's TCPLossProbes: a segment sent again after two round trips without an answer, to find out whether it was
   * lost.
   */
  readonly lossProbes: number;
}

/**
 * From /proc/net/snmp and /proc/net/netstat, one behind the other: of all connections of a network namespace since it
 * came to be.
 */
export function readTcpCounters(text: string): TcpCounters {
  return {
    retransmits: counterOf(text, 'Tcp', 'RetransSegs'),
    timeouts: counterOf(text, 'TcpExt', 'TCPTimeouts'),
    lossProbes: counterOf(text, 'TcpExt', 'TCPLossProbes'),
  };
}

export function countedSince(before: TcpCounters, after: TcpCounters): TcpCounters {
  return {
    retransmits: after.retransmits - before.retransmits,
    timeouts: after.timeouts - before.timeouts,
    lossProbes: after.lossProbes - before.lossProbes,
  };
}

/** A line of names, then one of values, each behind the group's name. */
function counterOf(text: string, group: string, name: string): number {
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith(`${group}: `))
    .map((line) => line.trim().split(' '));
  const value = values[names.indexOf(name)];
  if (value === undefined || !/^\d+$/.test(value)) throw new Error(`the kernel counts no ${group}:${name}`);
  return Number(value);
}
