import { ERRORS } from '../../lib/model/errors.js';

/** docs/errors.md */
export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { exit, meaning, fix }]) => `| \`${code}\` | ${exit} | ${cell(meaning)} | ${cell(fix)} |`,
  );
  return `# Errors

<!-- Written by \`npm run docs\` from lib/model/errors.ts; a test fails where the two differ. -->

Every failure that is not a bug has one of these codes. On a terminal the message, the place and a hint are printed;
with \`--json\` stdout holds \`{"ok": false, "error": {"code", "message", "hint", "where"}}\`. A bug ends with status
1 and a stack.

| code | exit status | what it means | how to fix it |
| --- | --- | --- | --- |
${rows.join('\n')}

Besides these: status 0 is done, and 2 means that changes are pending (\`plan --detailed-exitcode\` only).
`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
