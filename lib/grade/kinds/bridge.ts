import type { CheckKind } from '../kind.js';
import { hostsToAsk, missing, nameComplaints } from '../names.js';

const ROLES = { network: 'network', on: 'host' } as const;

export const BRIDGE: CheckKind<'bridge'> = {
  steadiness: 'a bridge is there or not; `retry` where it may still be made',
  insteadOfNot: null,
  measures: [],
  complaints: (wanted, reference) => nameComplaints(reference, wanted, ROLES),
  needsReference: ({ on }) => on === undefined,
  look: {
    at: 'hosts',
    see: async ({ network, on }, { submission, reference, eyes }) => {
      const lacking = missing(submission, { network }, ROLES);
      if (lacking.length > 0) return { facts: lacking, isFinal: true };
      const { hosts, lacking: lackingHosts } = hostsToAsk(on, { submission, reference });
      const facts = hosts.map(async (host) => {
        const bridge = await eyes.bridge(host, network);
        return {
          what: `bridge of network ${network} on ${host}`,
          holds: bridge !== null,
          expected: 'there is one',
          seen: bridge === null ? 'there is none' : bridge.name,
        };
      });
      return { facts: [...lackingHosts, ...(await Promise.all(facts))] };
    },
  },
};
