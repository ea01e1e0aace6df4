import { parseDurationMs } from '../../topology/units.js';
import { networksIn, withNumbers } from '../filter-numbers.js';
import type { CheckKind } from '../kind.js';
import { missing, nameComplaints } from '../names.js';

export const PACKET: CheckKind<'packet'> = {
  steadiness: 'let pings run meanwhile (`while`), so that it does not wait for chance traffic',
  insteadOfNot: null,
  measures: [],
  complaints: ({ on, filter, while: meanwhile }, reference) => [
    ...nameComplaints(reference, { on }, { on: 'host' }),
    ...nameComplaints(reference, { filter: networksIn(filter) }, { filter: 'network' }).map((complaint) => ({
      ...complaint,
      path: ['filter'],
    })),
    ...nameComplaints(reference, meanwhile ?? {}, { from: 'host or VM', to: 'VM' }).map((complaint) => ({
      ...complaint,
      path: ['while', ...complaint.path],
    })),
  ],
  look: {
    at: 'hosts',
    see: async (
      { on, filter: written, while: meanwhile, atLeast = 1, within = '10s' },
      { submission, eyes, negative },
    ) => {
      const lacking = [
        ...missing(submission, { on }, { on: 'host' }),
        ...missing(submission, { network: networksIn(written) }, { network: 'network' }),
        ...missing(submission, meanwhile ?? {}, { from: 'host or VM', to: 'VM' }),
      ];
      if (lacking.length > 0) return { facts: lacking, isFinal: true };
      const timeoutMs = parseDurationMs(within);
      const filter = withNumbers(written, submission);
      // What must not be seen must not be seen of anybody.
      const question = { host: on, filter, meanwhile: meanwhile ?? null, enough: atLeast, timeoutMs };
      const count = await eyes.packets({ ...question, onlyOwn: !negative });
      const what = `packets \`${filter}\` on the underlay of ${on}`;
      return { facts: [{ what, holds: count >= atLeast, expected: `at least ${atLeast}`, seen: String(count) }] };
    },
  },
};
