import type { Topology } from '../../model/topology.js';
import type { CheckKind } from '../kind.js';
import { missing, nameComplaints } from '../names.js';

const ROLES = { from: 'VM', to: 'VM', network: 'network', at: 'host' } as const;

export const TRACE: CheckKind<'trace'> = {
  steadiness:
    'no frame is sent: the switches say what they would do with one; `retry` where tables may still be learned',
  insteadOfNot: null,
  measures: [],
  complaints: (wanted, reference) => nameComplaints(reference, wanted, ROLES),
  look: {
    at: 'hosts',
    see: async ({ from, to, network, at }, { submission, eyes }) => {
      const lacking = missing(submission, { from, to, network, at }, ROLES);
      const receiver = submission.vms.find(({ name }) => name === to);
      if (lacking.length > 0 || receiver === undefined) return { facts: lacking, isFinal: true };
      const what = `frame from VM ${from} to VM ${to}`;
      const expected = `it arrives at ${at ?? receiver.host}`;
      const common = network ?? commonNetwork(submission, from, to);
      if (common === null) return { facts: [{ what, holds: null, expected, seen: 'they have no network in common' }] };
      const way = await eyes.trace({ from, to, network: common });
      const seen = way.arrivesAt.length === 0 ? 'it arrives nowhere' : `it arrives at ${way.arrivesAt.join(', ')}`;
      const holds = way.arrivesAt.length === 1 && way.arrivesAt[0] === (at ?? receiver.host);
      return { facts: [{ what, holds, expected, seen: way.trouble === '' ? seen : `${seen}: ${way.trouble}` }] };
    },
  },
};

function commonNetwork({ vms }: Topology, from: string, to: string): string | null {
  const networksOf = (vm: string) => (vms.find(({ name }) => name === vm)?.nics ?? []).map((nic) => nic.network);
  return networksOf(from).find((network) => networksOf(to).includes(network)) ?? null;
}
