import type { CheckKind } from '../kind.js';
import type { Wanted } from '../rubric.js';

/** How verify's checks of each part are called. */
const PARTS: Readonly<Record<Wanted<'verify'>['part'], RegExp>> = {
  all: /^/,
  configuration: /^configuration of /,
  ports: /^ports of /,
  vms: /^VM /,
  tunnels: /^tunnel /,
  probes: / reaches /,
  fdb: /^FDB of /,
  isolation: / is isolated$/,
};

export const VERIFY: CheckKind<'verify'> = {
  steadiness:
    'verify pings before it reads tables, and takes an entry that has aged for none; `retry` where guests boot',
  insteadOfNot: 'write what must not be with a kind of its own',
  measures: [],
  complaints: () => [],
  look: {
    at: 'hosts',
    see: async ({ part }, { eyes }) => {
      const checks = (await eyes.verify()).filter(({ name }) => PARTS[part].test(name));
      return {
        facts: checks.map(({ name, ok, expected, seen }) => ({ what: name, holds: ok, expected, seen })),
      };
    },
  },
};
