import { aboutValue } from '../../topology/complaint.js';
import { parseDurationMs } from '../../topology/units.js';
import { faultOf, isFound } from '../find-text.js';
import type { CheckKind } from '../kind.js';
import { listOf, missing, nameComplaints } from '../names.js';

const ROLES = { on: 'host' } as const;

/** Longer output would drown the rest of what the student reads. */
const SHOWN = 500;

export const COMMAND: CheckKind<'command'> = {
  steadiness: 'as steady as the command: let the pattern pass over counters and times',
  insteadOfNot: null,
  measures: [],
  complaints: (wanted, reference) => {
    const fault = faultOf(wanted.matches);
    const fix = 'ECMAScript, as `new RegExp(…, "mu")` reads it';
    return [
      ...nameComplaints(reference, { on: wanted.on }, ROLES),
      ...(fault === null ? [] : [aboutValue(['matches'], `no regular expression: ${fault}`, fix)]),
    ];
  },
  look: {
    at: 'hosts',
    see: async ({ on, run, matches, exit = 0, within = '10s' }, { submission, eyes }) => {
      const lacking = missing(submission, { on }, ROLES);
      if (lacking.length > 0) return { facts: lacking, isFinal: true };
      const facts = listOf(on).map(async (host) => {
        const answer = await eyes.run({ host, argv: run, timeoutMs: parseDurationMs(within) });
        const what = `\`${run.join(' ')}\` on ${host}`;
        const expected = `a match of /${matches}/`;
        // For its negation, too: what was stopped or failed has not said what it would have said.
        if (answer.exit !== exit) {
          const ended = answer.exit === null ? `it ran longer than ${within}` : `it ended with status ${answer.exit}`;
          return { what, holds: null, expected: `${expected} and status ${exit}`, seen: ended };
        }
        return { what, holds: isFound(matches, answer.stdout), expected, seen: shown(answer.stdout) };
      });
      return { facts: await Promise.all(facts) };
    },
  },
};

function shown(stdout: string): string {
  const text = stdout.trim();
  if (text === '') return 'nothing';
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}
