import { formatIp, formatPrefix, overlap, type Prefix, parsePrefix, plus } from '../model/address.js';
import { VxmigError } from '../model/errors.js';
import type { Topology } from '../model/topology.js';

/**
 * RFC 2544 §C.2.2 sets 198.18.0.0/15 aside for benchmarks between networks; examples use its lower half for underlays.
 */
const POOLS = ['198.19.0.0/16', '100.127.0.0/16'] as const;
const LENGTHS = { small: 26, large: 22 } as const;
/** What is no host's: network, broadcast and the controller. */
const OTHERS = 3;
const SMALL_CAPACITY = 2 ** (32 - LENGTHS.small) - OTHERS;

export interface ManagementAddresses {
  readonly cidr: string;
  readonly prefixLength: number;
  readonly controllerAddress: string;
  /** In the order of the hosts. */
  readonly hostAddresses: readonly string[];
}

/**
 * The first free prefix of the pools. Pure: `used` tells what the machine and the other labs have.
 * @throws VxmigError LAB where none is left
 */
export function chooseManagementSubnet(topology: Topology, used: readonly string[]): ManagementAddresses {
  const own = [
    ...topology.underlay.flatMap((segment) => segment.cidrs),
    ...topology.networks.flatMap((net) => net.cidrs),
  ];
  const taken = [...own, ...used].map(parsePrefix).filter((prefix) => prefix !== null);
  const length = topology.hosts.length <= SMALL_CAPACITY ? LENGTHS.small : LENGTHS.large;
  const free = candidates(length).find((candidate) => !taken.some((prefix) => overlap(prefix, candidate)));
  if (free === undefined) {
    throw new VxmigError('LAB', `No free prefix for the management segment in ${POOLS.join(' or ')}.`, {
      hint: '`vxmig lab ls` shows the labs that are up; take one down.',
      where: topology.name,
    });
  }
  const address = (index: number): string => formatIp(plus(free.ip, BigInt(index)));
  return {
    cidr: formatPrefix(free),
    prefixLength: length,
    controllerAddress: address(1),
    hostAddresses: topology.hosts.map((_, index) => address(index + 2)),
  };
}

function candidates(length: number): Prefix[] {
  return POOLS.flatMap((pool) => {
    const whole = parsePrefix(pool);
    if (whole === null) return [];
    const step = 1n << BigInt(32 - length);
    const count = 1 << (length - whole.length);
    return Array.from({ length: count }, (_, index) => ({ ip: plus(whole.ip, step * BigInt(index)), length }));
  });
}
