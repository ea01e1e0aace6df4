import { commonNetwork } from '../../model/probe-path.js';
import type { Topology } from '../../model/topology.js';
import { deniedFrames, kindsOfTraffic, letThrough } from '../../plan/access-meaning.js';
import { aboutKey, aboutValue, type Complaint } from '../../topology/complaint.js';
import type { Eyes, PingAnswer, TracedWay, Traffic } from '../eyes.js';
import type { Fact } from '../sight.js';

/** What a check says of the kind of traffic that it is about. */
interface WrittenTraffic {
  readonly protocol?: 'icmp' | 'tcp' | 'udp' | 'arp';
  readonly port?: number;
}

/** null: the check says none. */
export function trafficOf({ protocol, port }: WrittenTraffic): Traffic | null {
  return protocol === undefined ? null : { protocol, port: port ?? null };
}

export function trafficComplaints({ protocol, port }: WrittenTraffic): Complaint[] {
  const hasPorts = protocol === 'tcp' || protocol === 'udp';
  if (hasPorts && port === undefined)
    return [aboutKey(['protocol'], `${protocol} to which port?`, 'add `port`; the lab’s own guests listen on TCP 80')];
  if (hasPorts || port === undefined) return [];
  return [aboutKey(['port'], '`port` means nothing without TCP or UDP', 'add `protocol: tcp`, or leave the port out')];
}

interface Ends {
  readonly from: string;
  readonly to: string;
  readonly network?: string;
}

/** Where the reference's own rules deny what it is to do: then nobody can pass. Of pings the way back counts, too. */
export function deniedByReference(reference: Topology | null, ends: Ends, traffic: Traffic): Complaint[] {
  const network = networkIn(reference, ends);
  if (reference === null || network === null || traffic.protocol === 'arp') return [];
  const kinds = [{ protocol: traffic.protocol, port: traffic.port }];
  const { from, to } = ends;
  const ways = [{ from, to }, ...(traffic.protocol === 'icmp' ? [{ from: to, to: from }] : [])];
  const [denial] = ways.flatMap((way) => deniedFrames(reference, network, { ...way, traffic: kinds }));
  if (denial === undefined) return [];
  const { frame, rule } = denial;
  const message = `the reference itself denies it: ${rule}, and the frames are from ${frame.src} to ${frame.dst}`;
  const allow = `{from: ${from}, to: ${to}, protocol: ${traffic.protocol}, action: allow}`;
  return [aboutValue(['to'], message, `put \`${allow}\` before that rule in the reference, or ask for something else`)];
}

/** Where the reference's own rules let through what it is to keep back. */
export function allowedByReference(reference: Topology | null, ends: Ends, traffic: Traffic | null): Complaint[] {
  const network = networkIn(reference, ends);
  if (reference === null || network === null || traffic?.protocol === 'arp') return [];
  const kinds = traffic === null ? kindsOfTraffic([reference]) : [{ ...traffic, protocol: traffic.protocol }];
  const [frame] = letThrough(reference, network, { ...ends, traffic: kinds as ReturnType<typeof kindsOfTraffic> });
  if (frame === undefined) return [];
  const { protocol, port } = frame;
  const kind = `${protocol === 'other' ? 'other IP' : protocol}${port === null ? '' : ` port ${port}`}`;
  const message = `the reference itself lets ${kind} through from ${frame.src} to ${frame.dst}`;
  return [aboutValue(['to'], message, 'deny it there, or say what is meant by `protocol` and `port`')];
}

function networkIn(reference: Topology | null, { from, to, network }: Ends) {
  const name = reference === null ? null : (network ?? commonNetwork(reference, from, to));
  return reference?.networks.find((one) => one.name === name) ?? null;
}

/**
 * Real attempts, an answer for each address; null where the sender cannot be told to make any, and the switches have to
 * be asked. Without traffic they are pings.
 */
export async function attempts(
  eyes: Eyes,
  { from, to, network, count }: { from: string; to: string; network: string | null; count: number },
  traffic: Traffic | null,
): Promise<readonly PingAnswer[] | null> {
  const { protocol, port } = traffic ?? { protocol: 'icmp', port: null };
  if (protocol === 'tcp' || protocol === 'udp')
    return await eyes.connect({ from, to, network, count, protocol, port: port ?? 0 });
  return protocol === 'icmp' ? await eyes.ping({ from, to, network, count, bytes: null }) : null;
}

/** What of each protocol would get through, and must not: a fact for each. */
export function keptBackFacts(
  ways: readonly TracedWay[],
  ends: { readonly from: string; readonly to: string },
): Fact[] {
  return [...new Set(ways.map(({ protocol }) => protocol))].map((protocol) => {
    const through = ways.flatMap((way) => {
      if (way.protocol !== protocol) return [];
      if (way.arrivesAt.length > 0) return [`${way.frame} would arrive at ${way.arrivesAt.join(', ')}`];
      return way.denied === false ? [`the rules let ${way.frame} through`] : [];
    });
    return {
      what: `${protocol === 'other' ? 'other IP protocols' : protocol} from ${ends.from} to ${ends.to}`,
      holds: through.length === 0,
      expected: 'nothing gets through',
      seen: through.slice(0, WAYS_TOLD).join('; ') || 'nothing would get through',
    };
  });
}

const WAYS_TOLD = 3;

/** How what is tried is called in the words of a fact: `pings`, `tcp port 80`. */
export function attemptsText(traffic: Traffic | null): string {
  if (traffic === null || traffic.protocol === 'icmp') return 'pings';
  return traffic.port === null ? traffic.protocol : `${traffic.protocol} port ${traffic.port}`;
}
