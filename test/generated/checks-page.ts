import { readFileSync } from 'node:fs';
import { KIND_NAMES, kindOf } from '../../lib/grade/kinds.js';
import { RUBRIC_SCHEMA_URL } from '../../lib/grade/schema.js';

interface Part {
  readonly description?: string;
  readonly $ref?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Part>>;
}

/** docs/checks.md */
export function checksPage(): string {
  const { definitions } = JSON.parse(readFileSync(RUBRIC_SCHEMA_URL, 'utf8')) as {
    readonly definitions: Readonly<Record<string, Part>>;
  };
  const partOf = (part: Part): Part =>
    part.$ref === undefined ? part : { ...definitions[part.$ref.replace('#/definitions/', '')], ...part };
  const keys = partOf({ $ref: '#/definitions/check' }).properties ?? {};
  const names: readonly string[] = KIND_NAMES;
  const rules = Object.entries(keys).filter(([key]) => !names.includes(key));
  const kinds = KIND_NAMES.map((name) => {
    const { steadiness, insteadOfNot, measures, look } = kindOf(name);
    const { description = '', properties = {}, required = [] } = partOf(keys[name] ?? {});
    const parts = Object.keys(properties).map((key) => (required.includes(key) ? `\`${key}\`` : `[\`${key}\`]`));
    return [
      `\`${name}\``,
      description,
      parts.join(', '),
      look.at === 'file' ? 'the file' : 'hosts',
      measures.join(', '),
      insteadOfNot === null ? 'yes' : `no: ${insteadOfNot}`,
      steadiness,
    ];
  });
  return `# Checks of a rubric

<!-- Written by \`npm run docs\` from lib/grade/; a test fails where the two differ. -->

\`vxmig schema rubric\` prints the schema with all keys. Each check has one key that says what is looked at, and any
of these:

| key | meaning |
| --- | --- |
${rules.map(([key, part]) => `| \`${key}\` | ${cell(partOf(part).description ?? '')} |`).join('\n')}

## What can be looked at

Keys in brackets may be left out. Checks that look at the file only need no hosts and no root.

| kind | what it sees | keys | looks at | bands of \`partial\` | \`not\` | why it gives the same answer each time |
| --- | --- | --- | --- | --- | --- | --- |
${kinds.map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')}
`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
