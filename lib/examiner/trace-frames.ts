import type { TracedWay, TraceQuestion } from '../grade/eyes.js';
import { parseIp } from '../model/address.js';
import type { Topology } from '../model/topology.js';
import { accessLists } from '../plan/access.js';
import { decidingRule, frameFlow, kindText, type Machine, machinesOf } from '../plan/access-frame.js';
import { framesOf, kindsOfTraffic } from '../plan/access-meaning.js';

/** A frame to ask the switches about. */
export interface TraceFrame extends Pick<TracedWay, 'frame' | 'protocol' | 'denied'> {
  /** As ovs-appctl reads it, without where it comes in. */
  readonly flow: string;
  readonly from: string;
  /** The MAC that it is for. */
  readonly to: string;
  /** Its place among those of its protocol and family, from 0. */
  readonly place: number;
}

/**
 * Frames for the question. Somebody who is in another network is asked for by the MAC and addresses that he has there.
 * @param hasRules the flows are vxmig's, and carry out the file's rules
 */
export function traceFramesFor(
  topology: Topology,
  { from, to, network: name, traffic }: TraceQuestion,
  { hasRules }: { readonly hasRules: boolean },
): TraceFrame[] {
  const network = topology.networks.find((one) => one.name === name);
  if (network === undefined) return [];
  const senders = machinesOf(topology, network, from);
  const there = machinesOf(topology, network, to);
  const others = topology.networks.flatMap((other) => machinesOf(topology, other, to));
  const receivers = there.length > 0 ? there : others;
  const lists = hasRules && there.length > 0 ? accessLists(topology, network) : null;
  const asksArp = traffic?.protocol === 'arp' || (traffic === null && there.length === 0);
  const kinds =
    traffic === null
      ? kindsOfTraffic([topology])
      : traffic.protocol === 'arp'
        ? []
        : [{ protocol: traffic.protocol, port: traffic.port }];
  return senders.flatMap((sender) =>
    receivers.flatMap((receiver) => [
      ...(asksArp ? arpBetween(sender, receiver) : []),
      ...framesOf(sender, receiver, kinds).map((frame, index, all) => ({
        frame: `${kindText(frame)}${frame.family === 6 ? ' over IPv6' : ''}`,
        protocol: frame.protocol,
        denied: lists === null ? null : decidingRule(lists, frame)?.action === 'deny',
        flow: frameFlow(frame),
        from: sender.mac,
        to: receiver.mac,
        place: all
          .slice(0, index)
          .filter(({ protocol, family }) => protocol === frame.protocol && family === frame.family).length,
      })),
    ]),
  );
}

/** A request to all. */
function arpBetween(from: Machine, to: Machine): TraceFrame[] {
  const of = ({ addresses }: Machine) => addresses.find((text) => parseIp(text)?.family === 4);
  const [spa, tpa] = [of(from), of(to)];
  if (spa === undefined || tpa === undefined) return [];
  const request = `arp_op=1,arp_spa=${spa},arp_tpa=${tpa},arp_sha=${from.mac}`;
  const flow = `arp,dl_src=${from.mac},dl_dst=ff:ff:ff:ff:ff:ff,${request}`;
  return [{ frame: 'arp', protocol: 'arp', denied: null, flow, from: from.mac, to: to.mac, place: 0 }];
}
