import { readFileSync } from 'node:fs';
import type { Bound, PostCopyAfter } from '../../lib/model/strategy-settings.js';
import { DEFAULT_BOUND } from '../../lib/strategies/bounded.js';
import { DEFAULT_POST_COPY_AFTER } from '../../lib/strategies/hybrid.js';
import { STRATEGIES, STRATEGY_NAMES } from '../../lib/strategies/registry.js';

function boundText({ bytes, durationMs, end }: Bound): string {
  const much = bytes.kind === 'times' ? `${bytes.times}x` : `${bytes.bytes / 2 ** 20}MiB`;
  return `{bytes: ${much}, duration: ${durationMs / 1000}s, then: ${end}}`;
}

function afterText({ passes, durationMs }: PostCopyAfter): string {
  return `{passes: ${passes}, duration: ${durationMs / 1000}s}`;
}

export function strategiesPage(): string {
  const rows = STRATEGIES.map(({ name, purpose, suits, needs, asksFor }) => {
    const back = asksFor.postCopy ? 'no, once the guest has been let go' : 'until the guest runs at its new host';
    return `| \`${name}\` | ${purpose} | ${suits} | ${needs.join(', ') || '–'} | ${back} |`;
  });
  return `# Strategies: how a guest's memory is moved

<!-- Written by \`npm run docs\` from lib/strategies/. -->

\`migration: {strategy: …}\` of a VM, or \`vxmig migrate --strategy …\`;
where nobody says anything it is \`${STRATEGIES[0].name}\`.
All of them have the same redirect, certificate and undo: [the life of a migration](life-of-a-migration.md).

| strategy | what it does | for whom | needs | can be called off |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

\`bounded\` takes \`bound\`, and \`hybrid\` takes \`postCopyAfter\`; what is left out is as here.
Another strategy in the file beside one of them is refused.

\`\`\`yaml
migration: {strategy: bounded, bound: ${boundText(DEFAULT_BOUND)}}
migration: {strategy: hybrid, postCopyAfter: ${afterText(DEFAULT_POST_COPY_AFTER)}}
\`\`\`

For one run: \`--bound-bytes\`, \`--bound-duration\`, \`--bound-then\`; \`--post-copy-after-passes\`,
\`--post-copy-after-duration\`.

## What \`bounded\` promises

No more than \`bytes\` of memory on the wire and no more than \`duration\` from its first byte until the guest runs with
all of it, whatever the guest writes. A multiple is of what the hypervisor has of the guest's memory, video memory and
ROMs included, and has the headers of pages (1 %) on top; a size is what it says. Disks that come along count for
neither.

A guest cannot dirty more than all of its memory. So there is always a last moment at which even that would fit:

- Where a pass begins it is known what the guest has dirtied. Another pass is begun if it fits together with a last stop
  in which all is dirty. Otherwise what is left goes now: the guest is paused, for as long as that takes, or let go
  (\`then: post-copy\`). A pass that left as little as pre-copy asks for is the last one, too.
- Within a pass nobody knows. It is broken off at the last moment at which all of the memory would fit.
- What cannot fit is called off, and the guest has not stood still: a bound below its memory, or too slow a link.
  A small guest on a fast link needs some more than \`1.1x\`, the least there is: the speed has to be measured first.

\`2x\` is always enough for one whole pass and the stop; what is more buys passes, and so a shorter pause. Bytes are
counted; the time is as good as the speed is steady, with a seventh to spare. While the guest stands still QEMU does not
keep to \`bandwidth\`, so that the pause is shorter than predicted where that is what limited the copy.

The result says how it ended and why, what was predicted of the pause (\`ending\`) and what was used of the bound
(\`bound\`). A migration is given up when the guest has stood still for three times what was predicted at the worst, and
never before 5 s; frames that are sent ahead wait while it may take that long. A tap holds 1,000 of them. Where more are
to be expected, by what comes for the guest while it is copied, its queue is lengthened for the time of the migration,
to 50,000 at most, and put back.
Frames for which there was no room are counted, and named in the certificate. A ping that waited for more than 9.5 s
counts as lost, for fping forgets it.

Whatever needs something says so in its entry of the registry; \`vxmig doctor\` looks whether both hosts have it.
A strategy is one file in \`lib/strategies/\` and one line in \`lib/strategies/registry.ts\`;
then \`npm run docs\` writes this page and the choices of both schemas.
`;
}

/** The schema in that file with the strategies that there are as the choices of each \`strategy\`. */
export function schemaWithStrategies(file: URL): string {
  const choices = `[${STRATEGY_NAMES.map((name) => JSON.stringify(name)).join(', ')}]`;
  return readFileSync(file, 'utf8').replaceAll(
    /("strategy": \{[^{}]*"enum": )\[[^\]]*\]/g,
    (_, before) => `${before}${choices}`,
  );
}
