import type { Topology } from '../../model/topology.js';
import type { CheckKind } from '../kind.js';
import { missing, nameComplaints } from '../names.js';

const ROLES = { from: 'host or VM', to: 'VM', network: 'network' } as const;

const COUNT = 3;

export const MTU: CheckKind<'mtu'> = {
  steadiness: 'one packet of full size that arrives is enough; one that is too large never does',
  insteadOfNot: null,
  measures: [],
  complaints: (wanted, reference) => nameComplaints(reference, wanted, ROLES),
  look: {
    at: 'hosts',
    see: async ({ from, to, network, bytes }, { submission, reference, eyes }) => {
      const lacking = missing(submission, { from, to, network }, ROLES);
      if (lacking.length > 0) return { facts: lacking };
      const size = bytes ?? mtuTowards(reference ?? submission, to, network);
      const question = { from, to, network: network ?? null, count: COUNT, bytes: size };
      const { sent, received } = await eyes.ping(question);
      const seen = `${received} of ${sent} answered`;
      const what = `packets of ${size} bytes from ${from} to ${to}`;
      return { facts: [{ what, holds: received > 0, expected: 'answers', seen }] };
    },
  },
};

/** @throws Error where the VM is in several networks and the check says none */
function mtuTowards({ vms, networks }: Topology, to: string, network: string | undefined): number {
  const names = new Set((vms.find(({ name }) => name === to)?.nics ?? []).map((nic) => nic.network));
  const fitting = networks.filter(({ name }) => (network === undefined ? names.has(name) : name === network));
  const [first] = fitting;
  if (first === undefined || fitting.length > 1)
    throw new Error(`which network's MTU is meant? Say \`network\` or \`bytes\` in the rubric`);
  return first.mtu;
}
