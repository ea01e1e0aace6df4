import { readFileSync } from 'node:fs';
import { STRATEGIES, STRATEGY_NAMES } from '../../lib/strategies/registry.js';

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
