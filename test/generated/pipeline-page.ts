import { MAC_AGEING_SECONDS } from '../../lib/pipeline/base.js';
import { NAMED_BITS } from '../../lib/pipeline/bits.js';
import { CATEGORIES, type Category, cookieOf } from '../../lib/pipeline/cookie.js';
import { DROP_REASONS } from '../../lib/pipeline/drop-reason.js';
import { PIPELINE, tableNumber } from '../../lib/pipeline/tables.js';
import { EXAMPLE_HOSTS, portTable, readableFlows } from './example-host.js';

/** What the flows of a category are for, and the file that makes them. */
const CATEGORY_PURPOSE: Readonly<Record<Category, string>> = {
  base: 'what does not depend on ports (`base.ts`)',
  local: 'a port of this host: a tap, a probe port (`local.ts`)',
  tunnel: 'a tunnel port (`tunnels.ts`)',
  flood: 'the two lists of ports that a flooded frame goes to (`flood.ts`)',
  redirect:
    'what a migration sends ahead, and what is late after it (`redirect.ts`); with a timeout, so it is never planned',
  security:
    'what a VM may send (`guard.ts`), and through whose tunnels frames may come (`tunnels.ts`); in the lower ' +
    '32 bits of a drop its reason (`drop-reason.ts`)',
  access: 'the access rules (`access.ts`); in the lower 32 bits the rule',
  learned: 'made by the switch itself out of a frame it saw; comes and goes, and is never planned',
};

/** docs/pipeline.md */
export function pipelinePage(): string {
  const [example] = EXAMPLE_HOSTS;
  if (example === undefined) throw new Error('there is no example');
  const tables = PIPELINE.map(
    ({ name, miss, purpose }) => `| ${tableNumber(name)} | \`${name}\` | ${purpose} | ${miss} |`,
  );
  const reasons = Object.entries(DROP_REASONS).map(([reason, { id, says }]) => `| ${id} | \`${reason}\` | ${says} |`);
  const bits = NAMED_BITS.map(
    ({ name, field, from, to, purpose }) =>
      `| \`${name}\` | \`${field}[${from === to ? from : `${from}..${to}`}]\` | ${purpose} |`,
  );
  const categories = (Object.keys(CATEGORIES) as Category[]).map(
    (category) => `| \`${category}\` | \`0x${cookieOf(category).toString(16)}\` | ${CATEGORY_PURPOSE[category]} |`,
  );
  return `# The forwarding pipeline

<!-- Written by \`npm run docs\` from lib/pipeline/; a test fails where the two differ. -->

Every network has one bridge on every host, and every bridge has these tables. The code is \`lib/pipeline/\`: the
tables in \`tables.ts\`, the bits in \`bits.ts\`, and one small file of flows per purpose. Why it is not the
\`NORMAL\` action: [decision 1](decisions/0001-a-learning-pipeline-instead-of-normal.md).

## Tables

A frame begins in the first one. The names are written into the database (\`Bridge.flow_tables\`), so
\`ovs-ofctl --names dump-flows BRIDGE\` prints them too. "Otherwise" is where a frame goes that
nothing more specific takes.

| number | name | purpose | otherwise |
| --- | --- | --- | --- |
${tables.join('\n')}

\`fdb\` and \`home\` hold nothing but what was learned: each frame's source MAC, for ${MAC_AGEING_SECONDS} s from the
last frame that said the same. \`fdb\` is overwritten by whoever is heard last; \`home\` is written by local ports
only and is not taken back when the MAC is heard from a tunnel, so it remembers who lived here.

## Drops that are counted

Port security, and the check of a tunnel's far end, drop for one of these reasons, each by flows of its own for each
port; \`vxmig status\` adds up their \`n_packets\`. The reason's number stands in the lower bits of the cookie
(\`0x…000N\`), and an access rule's in the same place under its category. Why so:
[decision 17](decisions/0017-port-security-and-access-rules.md).

| number | reason | what is dropped |
| --- | --- | --- |
${reasons.join('\n')}

## Bits of the registers

| name | bits | what it says |
| --- | --- | --- |
${bits.join('\n')}

## Cookies

The upper 16 bits say whose a flow is (\`vx\` in ASCII), the next 16 what it is for.

| category | cookie | flows |
| --- | --- | --- |
${categories.join('\n')}

In a bridge of ours a flow that is neither planned nor learned is drift: \`apply\` removes it, because a single
\`NORMAL\` would make the mesh a storm.

## An example: ${example.title}

Full mesh of three hosts; the VM's tap and two tunnels. Port numbers are fixed by \`ofport_request\`
([decision 5](decisions/0005-port-numbers-are-chosen-not-found.md)): tunnels from 1, taps from 201, probe ports from
401.

\`\`\`
${portTable(example)}
\`\`\`

The flows, with names in place of numbers and without cookies:

\`\`\`
${readableFlows(example.flows).trimEnd()}
\`\`\`

The same for a mesh by one port, a hub, a spoke, and a host that a VM is moving to: \`test/golden/\`.
`;
}
