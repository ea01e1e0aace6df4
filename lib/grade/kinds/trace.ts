import type { Topology } from '../../model/topology.js';
import type { TracedWay, Traffic } from '../eyes.js';
import type { CheckKind } from '../kind.js';
import { missing, nameComplaints } from '../names.js';
import { allowedByReference, deniedByReference, trafficComplaints, trafficOf } from './traffic.js';

const ROLES = { from: 'VM', to: 'VM', network: 'network', at: 'host' } as const;

export const TRACE: CheckKind<'trace'> = {
  steadiness:
    'no frame is sent: the switches say what they would do with one; `retry` where tables may still be learned',
  insteadOfNot: null,
  measures: [],
  complaints: (wanted, reference) => [...nameComplaints(reference, wanted, ROLES), ...trafficComplaints(wanted)],
  doubts: (wanted, reference, { negative }) =>
    negative
      ? allowedByReference(reference, wanted, trafficOf(wanted))
      : deniedByReference(reference, wanted, trafficOf(wanted) ?? PING),
  look: {
    at: 'hosts',
    see: async (wanted, { submission, eyes, negative }) => {
      const { from, to, network, at } = wanted;
      const lacking = missing(submission, { from, to, network, at }, ROLES);
      const receiver = submission.vms.find(({ name }) => name === to);
      if (lacking.length > 0 || receiver === undefined) return { facts: lacking, isFinal: true };
      const place = at ?? receiver.host;
      const what = `frame from VM ${from} to VM ${to}`;
      const expected = `it arrives at ${place}`;
      const common = network ?? commonNetwork(submission, from, to);
      if (common === null) return { facts: [{ what, holds: null, expected, seen: 'they have no network in common' }] };
      // That one kind of frame does not arrive says nothing of the others.
      const traffic = trafficOf(wanted) ?? (negative ? null : PING);
      const ways = await eyes.trace({ from, to, network: common, traffic });
      if (ways.length === 0)
        return { facts: [{ what, holds: null, expected, seen: 'they have no addresses of one family' }] };
      return {
        facts: ways.map((way) => ({
          what: `${way.frame} from VM ${from} to VM ${to}`,
          // Wherever it arrives, it has not been kept back.
          holds: negative ? way.arrivesAt.length > 0 : way.arrivesAt.length === 1 && way.arrivesAt[0] === place,
          expected: negative && at === undefined ? 'it arrives' : expected,
          seen: seenOf(way),
        })),
      };
    },
  },
};

const PING: Traffic = { protocol: 'icmp', port: null };

function seenOf({ arrivesAt, trouble }: TracedWay): string {
  const seen = arrivesAt.length === 0 ? 'it arrives nowhere' : `it arrives at ${arrivesAt.join(', ')}`;
  return trouble === '' ? seen : `${seen}: ${trouble}`;
}

function commonNetwork({ vms }: Topology, from: string, to: string): string | null {
  const networksOf = (vm: string) => (vms.find(({ name }) => name === vm)?.nics ?? []).map((nic) => nic.network);
  return networksOf(from).find((network) => networksOf(to).includes(network)) ?? null;
}
