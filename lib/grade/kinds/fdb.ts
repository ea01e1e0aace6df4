import type { CheckKind } from '../kind.js';
import { hostsToAsk, missing, nameComplaints } from '../names.js';

const ROLES = { network: 'network', vm: 'VM', on: 'host', at: 'host' } as const;

export const FDB: CheckKind<'fdb'> = {
  steadiness: 'entries age: let it need a `reach` check of the same VM, whose pings teach the table, or `retry`',
  insteadOfNot: null,
  measures: [],
  complaints: (wanted, reference) => nameComplaints(reference, wanted, ROLES),
  needsReference: ({ on }) => on === undefined,
  look: {
    at: 'hosts',
    see: async ({ network, vm, on, at }, { submission, reference, eyes }) => {
      const lacking = missing(submission, { network, vm, at }, ROLES);
      const found = submission.vms.find(({ name }) => name === vm);
      if (lacking.length > 0 || found === undefined) return { facts: lacking, isFinal: true };
      const { hosts, lacking: lackingHosts } = hostsToAsk(on, { submission, reference });
      const expected = at ?? found.host;
      const macs = found.nics.filter((nic) => nic.network === network).map(({ mac }) => mac);
      const what = (host: string) => `FDB of ${host} for VM ${vm} in network ${network}`;
      if (macs.length === 0)
        return {
          facts: hosts.map((host) => ({ what: what(host), holds: null, expected, seen: 'the VM has no NIC there' })),
        };
      const facts = hosts.flatMap((host) =>
        macs.map(async (mac) => {
          const seen = await eyes.placeOf({ host, network, mac });
          return { what: what(host), holds: seen === expected, expected, seen: seen ?? 'no entry' };
        }),
      );
      return { facts: [...lackingHosts, ...(await Promise.all(facts))] };
    },
  },
};
