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
const SMALL_BYTES = 56;

export interface ReachManyRequest {
  readonly addresses: readonly string[];
  /** As in ReachRequest. */
  readonly fullSizeMtu: number;
}

/** Between two packets to different addresses: nobody's queue is to be filled by us. */
const FPING_INTERVAL_MS = 10;

/**
 * The same for many addresses in two sessions and two processes: a ping for each of a large mesh would keep a host busy
 * with starting them.
 * @throws CommandError where fping cannot be had
 */
export async function reachesEach(
  shell: HostShell,
  { addresses, fullSizeMtu }: ReachManyRequest,
): Promise<ReadonlyMap<string, ReachAnswer>> {
  const full = await alive(shell, addresses, (address) => fullSizeMtu - headerBytes(address));
  const silent = addresses.filter((address) => !full.has(address));
  const small = await alive(shell, silent, () => SMALL_BYTES);
  return new Map(
    addresses.map((address): [string, ReachAnswer] => {
      if (full.has(address)) return [address, { ok: true, seen: seenFull(fullSizeMtu) }];
      return [address, { ok: false, seen: small.has(address) ? seenSmallOnly(fullSizeMtu) : SILENT }];
    }),
  );
}

/**
 * Which of them answer one of three packets, each within a second. A packet that has been answered is the last to that
 * address.
 */
async function alive(
  shell: HostShell,
  addresses: readonly string[],
  payloadBytes: (address: string) => number,
): Promise<ReadonlySet<string>> {
  const sizes = new Map<number, string[]>();
  for (const address of addresses) {
    const size = payloadBytes(address);
    sizes.set(size, [...(sizes.get(size) ?? []), address]);
  }
  const found = new Set<string>();
  for (const [size, group] of sizes) {
    const options = [
      '-a',
      '-M',
      '-r',
      '2',
      '-B',
      '1',
      '-t',
      '1000',
      '-i',
      String(FPING_INTERVAL_MS),
      '-b',
      String(size),
    ];
    // 1: some do not answer; 2: the address is none.
    const { stdout } = await shell.run(['fping', ...options, ...group], { accept: [0, 1, 2] });
    for (const line of stdout.split('\n')) found.add(line.trim());
  }
  return found;
}

/** Whether an address answers, first small packets, then full-size ones that may not be fragmented. */
export async function reaches(shell: HostShell, request: ReachRequest): Promise<ReachAnswer> {
  const { address, fullSizeMtu } = request;
  const small = await ping(shell, request, SMALL_BYTES);
  if (small.received === 0) return { ok: false, seen: small.complaint || SILENT };
  const full = await ping(shell, request, fullSizeMtu - headerBytes(address));
  return full.received > 0
    ? { ok: true, seen: seenFull(fullSizeMtu) }
    : { ok: false, seen: seenSmallOnly(fullSizeMtu) };
}

function headerBytes(address: string): number {
  return (address.includes(':') ? 40 : 20) + ICMP_HEADER_BYTES;
}

const SILENT = 'it does not answer';

function seenFull(mtu: number): string {
  return `it answers packets of ${mtu} bytes`;
}

function seenSmallOnly(mtu: number): string {
  return `it answers small packets, but none of ${mtu} bytes`;
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

/** What was known of the neighbour before may be of its former boot. */
const LOOK = `
ip neighbour flush to "$1" 2>/dev/null
ping -n -q -c 1 -W 1 "$1" >/dev/null && exit 0
ip neighbour show to "$1" nud reachable | grep -q lladdr
`;

/**
 * Whether a guest's network stack is up: it answers one ping within a second, or tells its MAC, which no access rule
 * forbids (ARP and RFC 4861), and hardly any firewall of its own.
 */
export async function isUp(shell: HostShell, address: string, namespace: string): Promise<boolean> {
  const argv = ['ip', 'netns', 'exec', namespace, 'sh', '-s', '--', address];
  return (await shell.run(argv, { stdin: LOOK, accept: [0, 1, 255] })).exitCode === 0;
}
