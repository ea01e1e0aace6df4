import { commonNetwork } from '../../model/probe-path.js';
import type { Topology } from '../../model/topology.js';
import { aboutValue, type Complaint } from '../../topology/complaint.js';
import type { Eyes, PingAnswer, Traffic } from '../eyes.js';
import type { CheckKind } from '../kind.js';
import { missing, nameComplaints } from '../names.js';
import type { Wanted } from '../rubric.js';
import type { Fact } from '../sight.js';
import {
  allowedByReference,
  attempts,
  attemptsText,
  deniedByReference,
  keptBackFacts,
  trafficComplaints,
  trafficOf,
} from './traffic.js';

const ROLES = { from: 'host or VM', to: 'VM', network: 'network' } as const;

const DEFAULT_COUNT = 5;

export const REACH: CheckKind<'reach'> = {
  steadiness: 'one answer is enough, so that a first ping that waits for ARP does not count; `retry` where guests boot',
  insteadOfNot: 'write `isolated`, which also shows that the sender can send',
  measures: ['lost'],
  complaints: (wanted, reference) => [...nameComplaints(reference, wanted, ROLES), ...trafficComplaints(wanted)],
  doubts: (wanted, reference) => deniedByReference(reference, wanted, trafficOf(wanted) ?? PING),
  look: {
    at: 'hosts',
    see: async (wanted, { submission, eyes }) => {
      const { from, to, network = null, count = DEFAULT_COUNT } = wanted;
      const lacking = missing(submission, { from, to, ...(network === null ? {} : { network }) }, ROLES);
      if (lacking.length > 0) return { facts: lacking, isFinal: true };
      const traffic = trafficOf(wanted);
      const answers = await attempts(eyes, { from, to, network, count }, traffic);
      if (answers === null) return { facts: await tracedFacts(eyes, submission, { from, to, network, traffic }) };
      const lost = answers.reduce((sum, { sent, received }) => sum + sent - received, 0);
      return { facts: answeredFacts(answers, { from, to, traffic }), measures: { lost } };
    },
  },
};

const PING: Traffic = { protocol: 'icmp', port: null };

/** Where nobody can be told to try: whether the switches would bring it there. */
async function tracedFacts(
  eyes: Eyes,
  submission: Topology,
  { from, to, network, traffic }: { from: string; to: string; network: string | null; traffic: Traffic | null },
): Promise<Fact[]> {
  const over = network ?? commonNetwork(submission, from, to);
  const ways = over === null ? [] : await eyes.trace({ from, to, network: over, traffic });
  if (ways.length === 0) return answeredFacts([], { from, to, traffic });
  return ways.map(({ frame, arrivesAt, trouble }) => ({
    what: `${frame} from ${from} to ${to}, by the switches`,
    holds: arrivesAt.length > 0,
    expected: 'it would arrive',
    seen: arrivesAt.length > 0 ? `it would arrive at ${arrivesAt.join(', ')}` : `it would not: ${trouble}`,
  }));
}

/** Silence proves nothing unless the sender is heard by somebody in the same breath. */
export const ISOLATED: CheckKind<'isolated'> = {
  steadiness: 'it passes only after the witness has answered, so that a lab that does not work yet is not isolated',
  insteadOfNot: 'write `reach`',
  measures: [],
  complaints: (wanted, reference) => [
    ...nameComplaints(reference, wanted, { from: 'host or VM', to: 'VM', witness: 'VM' }),
    ...trafficComplaints(wanted),
    ...arpComplaints(wanted, reference),
  ],
  doubts: (wanted, reference) => [
    ...allowedByReference(reference, amongHeard(wanted, reference), trafficOf(wanted)),
    ...deniedByReference(reference, { ...wanted, to: wanted.witness }, heardBy(trafficOf(wanted))).map((complaint) => ({
      ...complaint,
      path: ['witness'],
    })),
  ],
  look: {
    at: 'hosts',
    see: async (wanted, { submission, eyes }) => {
      const { from, to, witness, count = DEFAULT_COUNT } = wanted;
      const lacking = missing(submission, { from, to, witness }, { from: 'host or VM', to: 'VM', witness: 'VM' });
      if (lacking.length > 0) return { facts: lacking, isFinal: true };
      const network = commonNetwork(submission, from, witness);
      if (network === null)
        return { facts: [{ ...called({ from, to: witness }), holds: null, seen: 'they have no network in common' }] };
      const twin = twinOf(submission, network, to);
      if (twin !== null)
        throw new Error(
          `VM ${twin} has an address of VM ${to} in network ${network}, and would answer in its place: use ` +
            '`fdb` or `packet`',
        );
      const traffic = trafficOf(wanted);
      const hearing = heardBy(traffic);
      const heard = await attempts(eyes, { from, to: witness, network, count }, hearing);
      const answered = (await attempts(eyes, { from, to, network, count }, traffic)) ?? [];
      const witnessed =
        heard === null
          ? await tracedFacts(eyes, submission, { from, to: witness, network, traffic: hearing })
          : answeredFacts(heard, { from, to: witness, traffic: hearing });
      return {
        facts: [
          ...witnessed.map((fact) => ({ ...fact, holds: fact.holds === true ? true : null })),
          ...answered.map((answer) => ({
            what: `${attemptsText(traffic)} from ${from} to ${to} (${answer.address}) in network ${network}`,
            holds: answer.received === 0,
            expected: 'no answer',
            seen: `${answer.received} of ${answer.sent} answered`,
          })),
          // Silence may have other reasons, and says nothing of what was not tried.
          ...keptBackFacts(await eyes.trace({ from, to, network, traffic }), { from, to }),
        ],
      };
    },
  },
};

/** Silence is looked for in the network in which the witness hears the sender. */
function amongHeard(
  { from, to, witness }: { readonly from: string; readonly to: string; readonly witness: string },
  reference: Topology | null,
) {
  const network = reference === null ? null : commonNetwork(reference, from, witness);
  return { from, to, ...(network === null ? {} : { network }) };
}

/** The sender is heard by what the check is about; ARP has no answer that is looked at. */
function heardBy(traffic: Traffic | null): Traffic {
  return traffic === null || traffic.protocol === 'arp' ? PING : traffic;
}

/** In a network no rule denies ARP. */
function arpComplaints(wanted: Wanted<'isolated'>, reference: Topology | null): Complaint[] {
  const { protocol, from, to } = wanted;
  const { network } = amongHeard(wanted, reference);
  const isThere = reference?.vms.some(({ name, nics }) => name === to && nics.some((nic) => nic.network === network));
  if (protocol !== 'arp' || isThere !== true) return [];
  const message = `${from} and ${to} have a network in common, and no rule denies ARP`;
  return [aboutValue(['protocol'], message, 'leave `protocol` out')];
}

/** A fact for each address; one where there is none, for then nobody has been asked. */
export function answeredFacts(
  answers: readonly PingAnswer[],
  ends: { readonly from: string; readonly to: string; readonly traffic?: Traffic | null },
): Fact[] {
  const { what, expected } = called(ends);
  if (answers.length === 0) return [{ what, expected, holds: null, seen: 'they have no addresses of one family' }];
  return answers.map(({ address, sent, received, doubt }) => ({
    what: `${what} (${address})`,
    holds: received > 0 && doubt === undefined,
    expected,
    seen: `${received} of ${sent} answered${doubt === undefined ? '' : `, but ${doubt}`}`,
  }));
}

function called({
  from,
  to,
  traffic = null,
}: {
  readonly from: string;
  readonly to: string;
  readonly traffic?: Traffic | null;
}) {
  return { what: `${attemptsText(traffic)} from ${from} to ${to}`, expected: 'answers' };
}

/** Another VM that has one of the VM's addresses in the network. */
function twinOf({ vms }: Topology, network: string, of: string): string | null {
  const bare = (text: string) => text.split('/')[0];
  const addresses = vms.find(({ name }) => name === of)?.nics.flatMap((nic) => nic.addresses.map(bare)) ?? [];
  const twin = vms.find(
    ({ name, nics }) =>
      name !== of &&
      nics.some((nic) => nic.network === network && nic.addresses.some((text) => addresses.includes(bare(text)))),
  );
  return twin?.name ?? null;
}
