import { importersOf } from './importers.js';

const ROWS: readonly (readonly [oneMore: string, added: string, edited: string, written: string, heldBy: string])[] = [
  [
    'strategy',
    'one file in `lib/strategies/`',
    '`registry.ts`, one line',
    'both schemas and their types, [strategies](strategies.md)',
    '`test/unit/architecture/extensions.test.ts`',
  ],
  [
    'encapsulation',
    '–',
    'its row in `lib/model/encapsulation.ts`; the choices in the two schemas',
    'golden flows, where it is the default',
    '`second-encapsulation.test.ts`, `one-encapsulation-table.test.ts`',
  ],
  [
    'way to run VMs',
    'a folder in `lib/compute/` behind `driver.ts`',
    '`lib/controller/host-parts.ts`, which chooses; the files below that look at domains',
    '–',
    '`extensions.test.ts`; `test/unit/migration/` runs all stages on a driver, path and observer in memory',
  ],
  [
    'way to move frames',
    'a folder in `lib/network/` behind `backend.ts` and `path.ts`',
    '`lib/controller/controller.ts` and `host-watch.ts`, which choose; the files below that read Open vSwitch',
    '–',
    '`extensions.test.ts`; `test/unit/plan/second-backend.test.ts` plans with a central database',
  ],
];

export function extendingPage(): string {
  return `# What it takes to add one more

<!-- Written by \`npm run docs\` from test/generated/extending-page.ts and the imports in lib/. -->

Each of these was done once as an experiment that was thrown away, and its files counted.
Tests hold the counts: the column on the right.

| one more | new | edited by hand | written by \`npm run docs\` | held by |
| --- | --- | --- | --- | --- |
${ROWS.map((row) => `| ${row.join(' | ')} |`).join('\n')}

## Who knows libvirt

A migration knows only \`lib/compute/driver.ts\`. These still know that domains are libvirt's: they define and start
them, look at their disks, or print what a person would type.

${list(importersOf('compute/libvirt'))}

## Who knows Open vSwitch

Planning, applying, undoing, destroying and verifying go through \`lib/network/backend.ts\`, a migration through
\`lib/network/path.ts\`. These read its tables to show them, to compare, or to grade what students have made with it.

${list(importersOf('network/ovs'))}
`;
}

function list(files: readonly string[]): string {
  return files.map((file) => `- \`lib/${file}\``).join('\n');
}
