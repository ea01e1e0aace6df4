import type { Check } from '../../model/check.js';
import { VxmigError } from '../../model/errors.js';
import { kindText } from '../../plan/access-frame.js';
import { framesBetween, keptApart, kindsOfTraffic, letThrough } from '../../plan/access-meaning.js';
import type { Eyes } from '../eyes.js';
import type { CheckKind, Scene } from '../kind.js';
import type { Wanted } from '../rubric.js';
import type { Fact } from '../sight.js';

/** How verify's checks of each part are called. */
const PARTS: Readonly<Record<Wanted<'verify'>['part'], RegExp>> = {
  all: /^/,
  configuration: /^configuration of /,
  ports: /^ports of /,
  vms: /^VM /,
  tunnels: /^tunnel /,
  probes: / reaches /,
  fdb: /^FDB of /,
  isolation: / is isolated$|^rule \d+ of .*: deny |^port security of /,
};

export const VERIFY: CheckKind<'verify'> = {
  steadiness:
    'verify pings before it reads tables, and takes an entry that has aged for none; `retry` where guests boot',
  insteadOfNot: 'write what must not be with a kind of its own',
  measures: [],
  complaints: () => [],
  look: {
    at: 'hosts',
    see: async ({ part }, scene) => {
      const seenByVerify = await verified(scene.eyes);
      if ('clash' in seenByVerify) return { facts: [seenByVerify.clash] };
      const checks = seenByVerify.checks.filter(({ name }) => PARTS[part].test(name));
      const facts = checks.map(({ name, ok, expected, seen }) => ({ what: name, holds: ok, expected, seen }));
      return { facts: part === 'isolation' || part === 'all' ? [...facts, ...apartFacts(scene)] : facts };
    },
  },
};

/** What somebody has made by hand in the place of what the file asks for is no fault of the grading: verify fails. */
async function verified(eyes: Eyes): Promise<{ readonly checks: readonly Check[] } | { readonly clash: Fact }> {
  try {
    return { checks: await eyes.verify() };
  } catch (error) {
    if (!(error instanceof VxmigError) || error.code !== 'CLASH') throw error;
    const expected = 'nothing is in the way of what the file asks for';
    return { clash: { what: 'the hosts', holds: false, expected, seen: error.message } };
  }
}

/**
 * verify holds the hosts against the student's own rules; what the reference's rules keep apart altogether, those have
 * to keep apart as well.
 */
function apartFacts({ submission, reference }: Scene): Fact[] {
  return (reference?.networks ?? []).flatMap((network) => {
    const own = submission.networks.find(({ name }) => name === network.name);
    if (reference === null || own === undefined) return [];
    return keptApart(reference, network).flatMap(({ from, to }) => {
      const question = { from, to, traffic: kindsOfTraffic([submission, reference]) };
      if (framesBetween(submission, own, question).length === 0) return [];
      const through = letThrough(submission, own, question).map(kindText);
      const seen = through.slice(0, FRAMES_TOLD).join(', ');
      return [
        {
          what: `${from} is kept from ${to} in network ${network.name}`,
          holds: through.length === 0,
          expected: 'the rules let nothing through',
          seen: seen === '' ? 'the rules let nothing through' : `the rules let ${seen} through`,
        },
      ];
    });
  });
}

const FRAMES_TOLD = 3;
