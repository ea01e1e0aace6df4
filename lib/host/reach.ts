import type { HostShell } from './connection.js';

export interface ReachRequest {
  readonly address: string;
  /** Also in packets of this size, unfragmented; in bytes, IP header included. */
  readonly fullSizeMtu: number;
  /** The network namespace to ping from; left out: the host's own. */
  readonly namespace?: string;
}

export interface ReachAnswer {
  readonly ok: boolean;
  readonly seen: string;
}

const ICMP_HEADER_BYTES = 8;

/** Whether an address answers, first small packets, then full-size ones that may not be fragmented. */
export async function reaches(shell: HostShell, request: ReachRequest): Promise<ReachAnswer> {
  const headerBytes = (request.address.includes(':') ? 40 : 20) + ICMP_HEADER_BYTES;
  const small = await ping(shell, request, 56);
  if (small.received === 0) return { ok: false, seen: small.complaint || 'it does not answer' };
  const full = await ping(shell, request, request.fullSizeMtu - headerBytes);
  if (full.received > 0) {
    return { ok: true, seen: `it answers packets of ${request.fullSizeMtu} bytes` };
  }
  return { ok: false, seen: `it answers small packets, but none of ${request.fullSizeMtu} bytes` };
}

/** Three tries: the first packet of a tunnel may be spent on resolving its next hop. */
async function ping(shell: HostShell, { address, namespace }: ReachRequest, payloadBytes: number) {
  const argv = ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-W', '1', '-M', 'do', '-s', String(payloadBytes), address];
  const inside = namespace === undefined ? argv : ['ip', 'netns', 'exec', namespace, ...argv];
  // 255: ip(8) finds no such namespace; that too is an answer to whether the address can be reached from it.
  const { stdout, stderr, exitCode } = await shell.run(inside, { accept: [0, 1, 2, 255] });
  const complaint = exitCode === 255 ? (stderr.trim().split('\n')[0] ?? '') : '';
  return { received: Number(/(\d+) received/.exec(stdout)?.[1] ?? 0), complaint };
}

/** One ping, answered within a second or not. */
export async function answersOnce(shell: HostShell, address: string, namespace: string): Promise<boolean> {
  const argv = ['ip', 'netns', 'exec', namespace, 'ping', '-n', '-q', '-c', '1', '-W', '1', address];
  return (await shell.run(argv, { accept: [0, 1, 2, 255] })).exitCode === 0;
}
