import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { measurePing, PATIENCE_MS } from '../../lib/measure/ping.js';
import { type PingEvent, PingStream, pingArgv } from '../../lib/measure/ping-stream.js';

interface Ping {
  readonly child: ChildProcess;
  readonly events: readonly PingEvent[];
  stop(): Promise<void>;
}

/** Runs the probe's command, behind `before` where it is given. */
function startPing(t: Test, address: string, intervalMs: number, before: readonly string[] = []): Ping {
  const [command = '', ...argv] = [...before, ...pingArgv({ address, intervalMs })];
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const stream = new PingStream();
  const events: PingEvent[] = [];
  const read = (from: Readable) =>
    createInterface({ input: from }).on('line', (line) => events.push(...stream.push(`${line}\n`)));
  read(child.stdout);
  read(child.stderr);
  const closed = once(child, 'close');
  const stop = async () => {
    child.kill('SIGINT');
    await closed;
  };
  return { child, events, stop };
}

async function until(t: Test, what: string, condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !condition(); tries++) await sleep(10);
  t.ok(condition(), what);
}

for (const address of ['127.0.0.1', '::1']) {
  const trial = spawnSync('fping', ['-c', '1', address]);
  const skip =
    trial.status === 0 ? false : `fping ${address} does not work here: ${trial.error?.message ?? trial.stderr}`;
  t.test(`the machine’s fping, ${address}`, { skip }, async (t) => {
    const intervalMs = 10;
    const { events, stop } = startPing(t, address, intervalMs);
    await until(t, 'replies come while fping runs', () => events.some((event) => event.kind === 'reply'));
    const startMs = Date.now();
    await sleep(300);
    const endMs = Date.now();
    await sleep(PATIENCE_MS + 100);
    await stop();
    const { figures, doubts } = measurePing(events, { from: 'here', to: 'here', address, intervalMs, startMs, endMs });
    t.same(doubts, []);
    t.ok(figures.sent > 0, `${figures.sent} sent`);
    t.match(figures, { lost: 0, received: figures.sent, duplicates: 0 });
    const replies = events.filter((event) => event.kind === 'reply').length;
    const totals = events.find((event) => event.kind === 'statistics');
    t.ok(totals && totals.transmitted - replies <= 1, 'every request but the last was answered');
  });
}

const inNamespace = spawnSync('unshare', [
  '-n',
  'sh',
  '-c',
  'ip link set lo up && nft list ruleset && fping -c 1 127.0.0.1',
]);
const noNamespace =
  inNamespace.status === 0 ? false : `no network namespace here: ${inNamespace.error?.message ?? inNamespace.stderr}`;

/** The echo replies with these numbers on the wire (from 0) are dropped; IPv4 and IPv6. */
const drop = (what: string) => [
  'unshare',
  '-n',
  'bash',
  '-c',
  `ip link set lo up
   nft "add table inet t; add chain inet t o { type filter hook output priority 0; }"
   nft "add rule inet t o icmp type echo-reply icmp sequence ${what} drop"
   nft "add rule inet t o icmpv6 type echo-reply icmpv6 sequence ${what} drop"
   exec "$@"`,
  'bash',
];

for (const address of ['127.0.0.1', '::1']) {
  t.test(`lost replies, ${address}`, { skip: noNamespace }, async (t) => {
    const { events, stop } = startPing(t, address, 10, drop('{ 3, 4, 9 }'));
    await until(t, 'the 30th request is answered', () =>
      events.some((event) => event.kind === 'reply' && event.sequence >= 30),
    );
    await stop();
    const first = events.find((event) => event.kind === 'reply');
    const startMs = first?.kind === 'reply' ? first.repliedAtMs - first.rttMs : 0;
    const run = { from: 'here', to: 'here', address, intervalMs: 10, startMs, endMs: startMs + 250 };
    const { figures, series } = measurePing(events, run);
    t.same(
      series.requests.filter(({ rttMs }) => rttMs === null).map(({ sequence }) => sequence),
      [4, 5, 10],
    );
    t.equal(figures.lost, 3);
  });
}

t.test('nothing is answered', { skip: noNamespace }, async (t) => {
  const { events, stop } = startPing(t, '127.0.0.1', 10, drop('0-65535'));
  await until(t, 'it begins', () => events.some((event) => event.kind === 'started'));
  const startMs = Date.now();
  await sleep(500);
  await stop();
  const run = { from: 'here', to: 'here', address: '127.0.0.1', intervalMs: 10, startMs, endMs: startMs + 300 };
  const { figures } = measurePing(events, run);
  t.match(figures, { received: 0, lost: figures.sent });
  t.ok(figures.sent > 0, `${figures.sent} sent`);
});

const duplicated = `ip link set lo up && nft "add table ip t" &&
  nft "add chain ip t o { type filter hook output priority 0; }" &&
  nft "add rule ip t o icmp type echo-reply icmp sequence { 3, 7 } dup to 127.0.0.1"`;
const duplicating = spawnSync('unshare', ['-n', 'sh', '-c', duplicated]);
const noDuplicates =
  noNamespace || (duplicating.status === 0 ? false : `nft cannot duplicate here: ${duplicating.stderr.toString()}`);

t.test('duplicates', { skip: noDuplicates }, async (t) => {
  const before = ['unshare', '-n', 'bash', '-c', `${duplicated} && exec "$@"`, 'bash'];
  const { events, stop } = startPing(t, '127.0.0.1', 10, before);
  await until(t, 'the 20th request is answered', () =>
    events.some((event) => event.kind === 'reply' && event.sequence >= 20),
  );
  await stop();
  const duplicates = events.flatMap((event) => (event.kind === 'reply' && event.duplicate ? event.sequence : []));
  t.same(duplicates, [4, 8]);
});
