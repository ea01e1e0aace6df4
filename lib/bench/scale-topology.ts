import { stringify } from 'yaml';
import { formatIp, parseIp, plus } from '../model/address.js';

export interface ScaleRequest {
  readonly name: string;
  readonly hosts: number;
  /** How the network's hosts are joined, in the file's word. */
  readonly mesh: string;
}

/** As many as a file may have (schema.json). */
export const MOST_HOSTS = 256;
/**
 * A subnet has this many hosts at most, and there are two at least, so that some tunnels are routed and some are not.
 */
const HOSTS_PER_SEGMENT = 16;
const LEAST_SEGMENTS = 2;
/** The lower half of RFC 2544's prefix, as the examples have it; a /27 for each segment. */
const FIRST_SEGMENT = '198.18.0.0';
const SEGMENT_LENGTH = 27;
const SEGMENT_SIZE = 2 ** (32 - SEGMENT_LENGTH);
/** The address before it is the router's. */
const FIRST_HOST = 2;

/** A lab of VTEPs: hosts in several subnets, one network across all of them, no VMs. The text of its file. */
export function scaleTopology({ name, hosts, mesh }: ScaleRequest): string {
  const segments = Math.max(LEAST_SEGMENTS, Math.ceil(hosts / HOSTS_PER_SEGMENT));
  const perSegment = Math.ceil(hosts / segments);
  const segmentOf = (host: number) => Math.floor(host / perSegment);
  const addressOf = (host: number) => at(segmentOf(host) * SEGMENT_SIZE + FIRST_HOST + (host % perSegment));
  const each = (count: number) => Array.from({ length: count }, (_, index) => index);
  const underlay = each(segments).map((segment) => [
    segmentName(segment),
    { cidr: `${at(segment * SEGMENT_SIZE)}/${SEGMENT_LENGTH}` },
  ]);
  const places = each(hosts).map((host) => [
    hostName(host),
    { underlay: segmentName(segmentOf(host)), address: addressOf(host) },
  ]);
  return stringify({
    version: 1,
    name,
    lab: {},
    underlay: Object.fromEntries(underlay),
    hosts: Object.fromEntries(places),
    networks: {
      blue: { vni: 5001, cidr: '10.9.0.0/16', mtu: 1450, mesh: mesh === 'hub' ? { hub: hostName(0) } : mesh },
    },
  });
}

function hostName(index: number): string {
  return `host-${index + 1}`;
}

function segmentName(index: number): string {
  return `subnet-${index + 1}`;
}

function at(offset: number): string {
  const first = parseIp(FIRST_SEGMENT);
  if (first === null) throw new Error(`not an address: ${FIRST_SEGMENT}`);
  return formatIp(plus(first, BigInt(offset)));
}
