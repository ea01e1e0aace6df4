import { parseDurationMs } from '../../topology/units.js';
import type { CheckKind } from '../kind.js';
import { missing, nameComplaints } from '../names.js';

export const PACKET: CheckKind<'packet'> = {
  steadiness: 'let pings run meanwhile (`while`), so that it does not wait for chance traffic',
  insteadOfNot: null,
  measures: [],
  complaints: ({ on, while: meanwhile }, reference) => [
    ...nameComplaints(reference, { on }, { on: 'host' }),
    ...nameComplaints(reference, meanwhile ?? {}, { from: 'host or VM', to: 'VM' }).map((complaint) => ({
      ...complaint,
      path: ['while', ...complaint.path],
    })),
  ],
  look: {
    at: 'hosts',
    see: async ({ on, filter, while: meanwhile, atLeast = 1, within = '10s' }, { submission, eyes }) => {
      const lacking = [
        ...missing(submission, { on }, { on: 'host' }),
        ...missing(submission, meanwhile ?? {}, { from: 'host or VM', to: 'VM' }),
      ];
      if (lacking.length > 0) return { facts: lacking, isFinal: true };
      const timeoutMs = parseDurationMs(within);
      const count = await eyes.packets({ host: on, filter, meanwhile: meanwhile ?? null, enough: atLeast, timeoutMs });
      const what = `packets \`${filter}\` on the underlay of ${on}`;
      return { facts: [{ what, holds: count >= atLeast, expected: `at least ${atLeast}`, seen: String(count) }] };
    },
  },
};
