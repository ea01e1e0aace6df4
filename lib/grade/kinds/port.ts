import type { CheckKind } from '../kind.js';
import { missing, nameComplaints } from '../names.js';

const ROLES = { vm: 'VM', network: 'network', on: 'host' } as const;

export const PORT: CheckKind<'port'> = {
  steadiness: 'a tap is in a bridge or not; `retry` where the VM may still start',
  insteadOfNot: null,
  measures: [],
  complaints: (wanted, reference) => nameComplaints(reference, wanted, ROLES),
  look: {
    at: 'hosts',
    see: async ({ vm, network, on }, { submission, eyes }) => {
      const lacking = missing(submission, { vm, network, on }, ROLES);
      const found = submission.vms.find(({ name }) => name === vm);
      if (lacking.length > 0 || found === undefined) return { facts: lacking, isFinal: true };
      const networks = found.nics.map((nic) => nic.network).filter((name) => network === undefined || name === network);
      if (networks.length === 0)
        return {
          facts: [
            {
              what: `NIC of VM ${vm} in network ${network}`,
              holds: null,
              expected: 'there is one',
              seen: 'there is none',
            },
          ],
          isFinal: true,
        };
      const host = on ?? found.host;
      const facts = [...new Set(networks)].map(async (name) => {
        const bridge = await eyes.bridge(host, name);
        return {
          what: `port of VM ${vm} in network ${name} on ${host}`,
          holds: bridge === null ? null : bridge.vms.includes(vm),
          expected: 'it is in the bridge, with an OpenFlow port',
          seen: bridge === null ? 'there is no bridge' : `VMs in the bridge: ${bridge.vms.join(', ') || 'none'}`,
        };
      });
      return { facts: await Promise.all(facts) };
    },
  },
};
