import { existsSync, readFileSync } from 'node:fs';
import { formatBytes, formatMs } from '../../lib/model/quantities.js';

interface Move {
  readonly outcome: string;
  readonly sent: readonly number[];
  readonly lost: readonly number[];
  readonly longestWaitMs: number;
  readonly downtimeMs: number | null;
  readonly memoryBytes: number | null;
  readonly wireBytes: number;
  readonly tookMs: number;
}

interface Row {
  readonly at: string;
  readonly kind: string;
  readonly appliedMs: number;
  readonly moves: readonly Move[];
  readonly pages: Readonly<Record<string, number>>;
  readonly sshSession: string;
  readonly stream: string;
  readonly resetsByGuest: number;
  readonly files: number;
  readonly badFiles: number;
  readonly image: number | null;
  readonly fileSystem: number;
}

const HEAD = ['storage', 'moves', 'pings lost', 'downtime', 'longest wait', 'whole move', 'memory', 'on the wire'];

const EFFECTS = [
  ...['storage', 'pages answered 200', 'others', 'SSH session', 'TCP stream', 'RST by the guest'],
  ...['files written', 'corrupt', '`qemu-img check`', '`e2fsck -fn`', 'measured'],
];

/** docs/guest-moves.md, from what test/evidence/guest-moves.jsonl keeps: the last row of each kind. */
export function guestMovesPage(directory: URL): string {
  const kept = new URL('test/evidence/guest-moves.jsonl', directory);
  const lines = existsSync(kept)
    ? readFileSync(kept, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
  const byKind = new Map(lines.map((line): [string, Row] => [JSON.parse(line).kind, JSON.parse(line)]));
  const rows = [...byKind.values()];
  return `# A Debian guest, moved over each kind of storage

<!-- Written by \`npm run docs\` from test/evidence/guest-moves.jsonl; a test fails where the two differ. -->

\`topologies/real-guest.yaml\` on one machine of two cores, emulated (TCG), 512 MiB of memory, a disk of 4 GiB. The
guest is moved to and fro between two subnets. Through all the moves of a row go: files of 64 KiB that it writes, each
with fsync and its SHA-256, over one SSH session that stays open; its nginx, asked for a page up to twenty times a
second; a TCP stream of 4 Mbit/s (iperf3). A host pings it every 10 ms. Middle and worst of the moves:

| ${HEAD.join(' | ')} |
| ${HEAD.map(() => '---').join(' | ')} |
${rows.map((row) => `| ${figures(row).join(' | ')} |`).join('\n')}

*On the wire*: all bytes that left the old host's underlay NIC during the move, the load's and the tunnels' too.

What the load and the disk had of it:

| ${EFFECTS.join(' | ')} |
| ${EFFECTS.map(() => '---').join(' | ')} |
${rows.map((row) => `| ${effects(row).join(' | ')} |`).join('\n')}

The checks are of the image after the guest had shut itself down. The same again, in a quarter of an hour:
\`node dist/test/evidence/guest-moves.js test/evidence/guest-moves.jsonl\`, and \`npm run docs\`.
`;
}

function figures({ kind, moves }: Row): string[] {
  const done = moves.filter(({ outcome }) => outcome === 'migrated');
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  const lost = sum(done.flatMap((move) => move.lost));
  const without = done.filter((move) => sum(move.lost) === 0).length;
  return [
    `\`${kind}\``,
    `${done.length} of ${moves.length}`,
    `${lost} of ${sum(done.flatMap(({ sent }) => sent))} (none in ${without} moves)`,
    both(
      done.flatMap(({ downtimeMs }) => downtimeMs ?? []),
      formatMs,
    ),
    both(
      done.map(({ longestWaitMs }) => longestWaitMs),
      formatMs,
    ),
    both(
      done.map(({ tookMs }) => tookMs),
      formatMs,
    ),
    both(
      done.flatMap(({ memoryBytes }) => memoryBytes ?? []),
      formatBytes,
    ),
    both(
      done.map(({ wireBytes }) => wireBytes),
      formatBytes,
    ),
  ];
}

function effects(row: Row): string[] {
  const { '200': good = 0, ...others } = row.pages;
  return [
    `\`${row.kind}\``,
    String(good),
    String(Object.values(others).reduce((total, one) => total + one, 0)),
    row.sshSession,
    row.stream,
    String(row.resetsByGuest),
    String(row.files),
    String(row.badFiles),
    row.image === null ? 'raw' : row.image === 0 ? 'clean' : `status ${row.image}`,
    row.fileSystem === 0 ? 'clean' : `status ${row.fileSystem}`,
    row.at.slice(0, 10),
  ];
}

/** The one in the middle, and the largest. */
function both(values: readonly number[], format: (value: number) => string): string {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  const worst = sorted.at(-1);
  return middle === undefined || worst === undefined ? '' : `${format(middle)}, ${format(worst)}`;
}
