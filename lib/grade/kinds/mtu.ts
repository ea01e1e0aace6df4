import type { Topology } from '../../model/topology.js';
import type { CheckKind } from '../kind.js';
import { missing, nameComplaints } from '../names.js';
import { answeredFacts } from './reach.js';
import { deniedByReference } from './traffic.js';

const ROLES = { from: 'host', to: 'VM', network: 'network' } as const;

const COUNT = 3;

export const MTU: CheckKind<'mtu'> = {
  steadiness: 'one packet of full size that arrives is enough; one that is too large never does',
  insteadOfNot: null,
  measures: [],
  complaints: (wanted, reference) => nameComplaints(reference, wanted, ROLES),
  doubts: (wanted, reference) => deniedByReference(reference, wanted, { protocol: 'icmp', port: null }),
  needsReference: ({ bytes }) => bytes === undefined,
  look: {
    at: 'hosts',
    see: async ({ from, to, network, bytes }, { submission, reference, eyes }) => {
      const lacking = missing(submission, { from, to, network }, ROLES);
      if (lacking.length > 0) return { facts: lacking, isFinal: true };
      const size = bytes ?? mtuTowards(reference ?? submission, to, network);
      const question = { from, to, network: network ?? null, count: COUNT, bytes: size };
      const facts = answeredFacts(await eyes.ping(question), { from, to });
      return { facts: facts.map((fact) => ({ ...fact, what: `${fact.what}, packets of ${size} bytes` })) };
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
