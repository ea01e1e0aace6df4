import { readFileSync } from 'node:fs';
import { APPLY_POINTS, type Fault, faultName, MIGRATION_POINTS } from '../lab/fault-cases.js';
import type { Work } from '../lab/fault-run.js';
import { COPY_POINTS } from '../lab/storage-fault-cases.js';

interface Run {
  readonly work: Work;
  readonly fault: string;
  readonly at: Fault['at'];
  readonly point: string;
  readonly outcome: string;
  readonly ok: boolean;
  readonly held: boolean;
}

/** docs/faults.md, from the runs that are kept in test/lab/fault-runs.jsonl. */
export function faultsPage(directory: URL): string {
  const lines = readFileSync(new URL('test/lab/fault-runs.jsonl', directory), 'utf8').split('\n');
  const runs = lines.filter((line) => line !== '').map((line): Run => JSON.parse(line));
  const of = (wanted: Work) => runs.filter(({ work }) => work === wanted);
  const broken = runs.filter(({ held }) => !held).length;
  return `# Faults

<!-- Written by \`npm run docs\` from test/lab/fault-runs.jsonl; a test fails where the two differ. -->

What happened when something failed on the lab's real daemons just as vxmig came to a point of its work:
${runs.length} runs, each of \`test/lab/faults.test.ts\` or \`storage-faults.test.ts\`. In each it was looked at
whether the VM ran at most once, whether vxmig said truly how it ended, and whether after \`lab up\` (which starts
what has died) one plain \`vxmig apply\` brought all to what the file says: the VM once, its memory as it was, no
flow, port, tap, process or lock left over, \`plan\` empty and \`verify\` content.
${broken === 0 ? 'That held in all.' : `That did not hold in ${broken}: marked with **✗**.`}

\`×\` is the number of runs, \`(!)\` that vxmig ended with an error that says what to do, an empty cell one that has
not been run. The same again:
\`VXMIG_FAULTS=all VXMIG_FAULTS_FILE=$PWD/test/lab/fault-runs.jsonl node dist/test/runner/run.js faults.test.ts
storage-faults.test.ts\`, or a part of a row's name in place of \`all\`.

## In a migration

${table(of('migrate'), MIGRATION_POINTS)}

*migrated*: it runs at the new host. *rolled-back*: it runs where it was. *failed*: the message says where it is, or
that this could not be found out, and what to do. *stood still*: the same, and the VM was paused until the next
\`apply\`. *lost with its QEMU*: it died, and \`apply\` started the VM anew.

## In a migration whose disks go along

Two disks of \`kind: local\`, each with an image of its own at either host. Besides what is said above: the images were
whole, byte for byte, at the host where the VM ran, and after \`apply\` no image was left at the other one.

${table(of('copy'), COPY_POINTS)}

## With its disk on an NFS server

${table(of('nfs'), MIGRATION_POINTS)}

## In an apply

${table(of('apply'), APPLY_POINTS)}
`;
}

function table(runs: readonly Run[], points: readonly string[]): string {
  const rows = [...new Set(runs.map(nameOf))].sort();
  const row = (name: string) => {
    const cells = points.map((point) => cell(runs.filter((run) => nameOf(run) === name && run.point === point)));
    return `| ${[name, ...cells].join(' | ')} |`;
  };
  return [`| | ${points.join(' | ')} |`, `| --- |${points.map(() => ' --- |').join('')}`, ...rows.map(row)].join('\n');
}

function nameOf({ fault, at }: Run): string {
  return faultName({ name: fault, at });
}

function cell(runs: readonly Run[]): string {
  const words = runs.map(({ outcome, ok, held }) => `${held ? '' : '**✗** '}${outcome}${ok ? '' : ' (!)'}`);
  return [...new Set(words)].map((word) => `${word} ×${words.filter((other) => other === word).length}`).join(', ');
}
