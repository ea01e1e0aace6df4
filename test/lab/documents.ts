import type { Test } from 'tap';
import { MIGRATION_STAGES } from '../../lib/migration/stages.js';
import type { Document } from './harness.js';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** What `migrate --json` prints at least, of a migration that went well. */
export function isMigrated(t: Test, document: Document, expected: { vm: string; from: string; to: string }): void {
  t.match(document, {
    ok: true,
    ...expected,
    outcome: 'migrated',
    strategy: /^(pre-copy|post-copy|auto-converge)$/,
    transfer: {
      durationMs: Number,
      downtimeMs: Number,
      transferredBytes: Number,
      iterations: Number,
      throughputBytesPerSecond: Number,
    },
    announce: { rarp: Number, garp: Number },
    convergence: { converged: true, afterResumeMs: Number },
  });
  t.ok(document.announce.rarp >= 5 && document.announce.garp >= 5, 'announced at least five times');
  t.ok(document.transfer.downtimeMs > 0 && document.transfer.transferredBytes > 2 ** 20, 'the transfer was measured');
  t.ok(document.convergence.hosts.length > 0);
  for (const host of document.convergence.hosts) {
    t.match(host, { host: String, network: String, mac: /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/, afterResumeMs: Number });
    t.equal(host.seen, host.expected, `${host.host} has ${host.mac} at the right place`);
  }
  for (const ping of document.ping) isPing(t, ping);
  t.same(
    document.stages.map(({ stage }: Document) => stage),
    MIGRATION_STAGES.map(({ name }) => name),
    'every stage, in order, and none undone',
  );
  for (const stage of document.stages) {
    t.match(stage, { startedAt: INSTANT, durationMs: Number });
    t.notOk(stage.error, `${stage.stage} did what it is for`);
  }
  const startOf = ({ startedAt }: Document) => Date.parse(startedAt);
  // These begin when the guest runs at its new host, even where whoever let it be paused is not through with that yet.
  const withResume = ['announce', 'verify'];
  for (const chain of [
    document.stages.filter(({ stage }: Document) => !withResume.includes(stage)),
    document.stages.filter(({ stage }: Document) => stage === 'redirect' || withResume.includes(stage)),
  ]) {
    const starts = chain.map(startOf);
    t.same(
      starts,
      [...starts].sort((a, b) => a - b),
      `each began when the one before it had: ${chain.map(({ stage }: Document) => stage).join(', ')}`,
    );
  }
  t.notOk(document.error, 'and nothing is complained of');
}

function isPing(t: Test, ping: Document): void {
  t.match(ping, {
    from: String,
    to: String,
    intervalMs: Number,
    sent: Number,
    received: Number,
    lost: Number,
    duplicates: 0,
    longestGapMs: Number,
    longestWaitMs: Number,
  });
  const name = `pings from ${ping.from} to ${ping.address ?? ping.to}`;
  t.ok(ping.sent > 0 && ping.received > 0, `${name} were sent and answered`);
  t.equal(ping.received + ping.lost, ping.sent, `${name}: each was answered or lost`);
}

/** Who pinged what: one line for each of a document's pings. */
export function watchers(document: Document): string[] {
  return document.ping.map((ping: Document) => `${ping.from} ${ping.to} ${ping.address}`).sort();
}

/** What `verify --json` prints, where all is well. */
export function isVerified(t: Test, document: Document): void {
  t.ok(document.checks.length > 0, 'something was checked');
  for (const check of document.checks) {
    t.match(check, { name: String, ok: Boolean, expected: String, seen: String, hint: String });
    t.equal(check.ok, true, `${check.name}: ${check.seen}`);
  }
  t.equal(document.ok, true);
}
