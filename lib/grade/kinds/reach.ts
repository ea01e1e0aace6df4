import type { CheckKind } from '../kind.js';
import { missing, nameComplaints } from '../names.js';

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
      if (lacking.length > 0) return { facts: lacking };
      const { sent, received } = await eyes.ping({ from, to, network, count, bytes: null });
      const seen = `${received} of ${sent} answered`;
      return {
        facts: [{ what: `pings from ${from} to ${to}`, holds: received > 0, expected: 'answers', seen }],
        measures: { lost: sent - received },
      };
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
      if (lacking.length > 0) return { facts: lacking };
      const heard = await eyes.ping({ from, to: witness, network: null, count, bytes: null });
      const answered = await eyes.ping({ from, to, network: null, count, bytes: null });
      return {
        facts: [
          {
            what: `pings from ${from} to ${witness}`,
            holds: heard.received > 0 ? true : null,
            expected: 'answers',
            seen: `${heard.received} of ${heard.sent} answered`,
          },
          {
            what: `pings from ${from} to ${to}`,
            holds: answered.received === 0,
            expected: 'no answer',
            seen: `${answered.received} of ${answered.sent} answered`,
          },
        ],
      };
    },
  },
};
