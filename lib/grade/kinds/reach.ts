import { commonNetwork } from '../../model/probe-path.js';
import type { Topology } from '../../model/topology.js';
import type { PingAnswer } from '../eyes.js';
import type { CheckKind } from '../kind.js';
import { missing, nameComplaints } from '../names.js';
import type { Fact } from '../sight.js';

const ROLES = { from: 'host or VM', to: 'VM', network: 'network' } as const;

const DEFAULT_COUNT = 5;

export const REACH: CheckKind<'reach'> = {
  steadiness: 'one answer is enough, so that a first ping that waits for ARP does not count; `retry` where guests boot',
  insteadOfNot: 'write `isolated`, which also shows that the sender can send',
  measures: ['lost'],
  complaints: (wanted, reference) => nameComplaints(reference, wanted, ROLES),
  look: {
    at: 'hosts',
    see: async ({ from, to, network = null, count = DEFAULT_COUNT }, { submission, eyes }) => {
      const lacking = missing(submission, { from, to, ...(network === null ? {} : { network }) }, ROLES);
      if (lacking.length > 0) return { facts: lacking, isFinal: true };
      const answers = await eyes.ping({ from, to, network, count, bytes: null });
      const lost = answers.reduce((sum, { sent, received }) => sum + sent - received, 0);
      return { facts: answeredFacts(answers, { from, to }), measures: { lost } };
    },
  },
};

/** Silence proves nothing unless the sender is heard by somebody in the same breath. */
export const ISOLATED: CheckKind<'isolated'> = {
  steadiness: 'it passes only after the witness has answered, so that a lab that does not work yet is not isolated',
  insteadOfNot: 'write `reach`',
  measures: [],
  complaints: (wanted, reference) => nameComplaints(reference, wanted, { from: 'host or VM', to: 'VM', witness: 'VM' }),
  look: {
    at: 'hosts',
    see: async ({ from, to, witness, count = DEFAULT_COUNT }, { submission, eyes }) => {
      const lacking = missing(submission, { from, to, witness }, { from: 'host or VM', to: 'VM', witness: 'VM' });
      if (lacking.length > 0) return { facts: lacking, isFinal: true };
      const network = commonNetwork(submission, from, witness);
      if (network === null)
        return { facts: [{ ...called(from, witness), holds: null, seen: 'they have no network in common' }] };
      const twin = twinOf(submission, network, to);
      if (twin !== null)
        throw new Error(
          `VM ${twin} has an address of VM ${to} in network ${network}, and would answer in its place: use \`fdb\` or \`packet\``,
        );
      const heard = await eyes.ping({ from, to: witness, network, count, bytes: null });
      const answered = await eyes.ping({ from, to, network, count, bytes: null });
      return {
        facts: [
          ...answeredFacts(heard, { from, to: witness }).map((fact) => ({
            ...fact,
            holds: fact.holds === true ? true : null,
          })),
          ...answered.map((answer) => ({
            what: `pings from ${from} to ${to} (${answer.address}) in network ${network}`,
            holds: answer.received === 0,
            expected: 'no answer',
            seen: `${answer.received} of ${answer.sent} answered`,
          })),
        ],
      };
    },
  },
};

/** A fact for each address; one where there is none, for then nobody has been asked. */
export function answeredFacts(
  answers: readonly PingAnswer[],
  ends: { readonly from: string; readonly to: string },
): Fact[] {
  const { what, expected } = called(ends.from, ends.to);
  if (answers.length === 0) return [{ what, expected, holds: null, seen: 'they have no addresses of one family' }];
  return answers.map(({ address, sent, received }) => ({
    what: `${what} (${address})`,
    holds: received > 0,
    expected,
    seen: `${received} of ${sent} answered`,
  }));
}

function called(from: string, to: string) {
  return { what: `pings from ${from} to ${to}`, expected: 'answers' };
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
