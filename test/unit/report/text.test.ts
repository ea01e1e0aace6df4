import { stripVTControlCharacters } from 'node:util';
import t from 'tap';
import type { Change } from '../../../lib/model/change.js';
import type { MigrationResult } from '../../../lib/model/migration-result.js';
import { formatBytes, formatMs } from '../../../lib/model/quantities.js';
import { changesText, totalsText } from '../../../lib/report/changes-text.js';
import { checksText } from '../../../lib/report/checks-text.js';
import { runPage } from '../../../lib/report/html.js';
import { migrationText } from '../../../lib/report/migration-text.js';
import { formatRun, parseRun } from '../../../lib/report/run-format.js';
import { type Style, styleFor } from '../../../lib/report/style.js';
import { MIGRATED, RUN } from './run-fixture.js';

const PLAIN: Style = { colour: false, width: 80, unicode: false };
const RICH: Style = { colour: true, width: 80, unicode: true };

t.test('a migration for people', (t) => {
  const text = migrationText(MIGRATED, {
    style: PLAIN,
    timeline: (probe, columns) => `${probe.from} in ${columns} columns`,
  });
  t.equal(
    text,
    `OK web: host-a -> host-b, migrated (pre-copy), no ping lost

  transfer   89 MiB in 2.4 s (62.5 MiB/s, 3 passes)
  downtime   113 ms
  announced  5 RARP, 5 gratuitous ARP, 0 neighbour advertisements
  converged  every host, 12 ms after the resume

Pings while it moved
  FROM    TO   ADDRESS   EVERY  SENT  LOST  DUPLICATES  LONGEST GAP  LONGEST WAIT
  host-c  web  10.9.0.1  10 ms   400     0           0       117 ms        112 ms

  host-c to 10.9.0.1
  host-c in 78 columns

Where each host sends its frames
  HOST    NETWORK  MAC                SENDS TO  EXPECTED  AFTER RESUME
  host-a  blue     52:54:00:09:00:01  host-b    host-b           12 ms
  host-c  blue     52:54:00:09:00:01  host-b    host-b            9 ms

Stages
  STAGE       START    TOOK
  reserve     +0 ms  140 ms
  copy      +140 ms   2.4 s
  converge  +2.54 s   12 ms`,
  );
  t.end();
});

t.test('a long pause is told with what was predicted of it, and a bound with what was used', (t) => {
  const ending = {
    kind: 'stop',
    why: 'another pass would not fit',
    predictedDowntimeMs: 1_100,
    worstDowntimeMs: 9_000,
  } as const;
  const bound = { bytes: 290 * 2 ** 20, usedBytes: 101 * 2 ** 20, durationMs: 60_000, usedMs: 9_100, kept: true };
  const [told, broken] = [bound, { ...bound, usedMs: 61_000, kept: false }].map((each) =>
    migrationText({ ...MIGRATED, ending, bound: each }, { style: PLAIN }),
  );
  t.match(told, 'downtime   113 ms (predicted 1.1 s, 9 s at the worst): another pass would not fit');
  t.match(told, 'bound      101 MiB of 290 MiB, 9.1 s of 60 s: kept');
  t.match(broken, '61 s of 60 s: not kept');
  const page = runPage({ ...RUN, result: { ...RUN.result, ending, bound } }).toString();
  t.match(page, '(predicted 1.1 s, 9 s at the worst): another pass would not fit</dd>');
  t.match(page, '<dt>Bound</dt><dd>101 MiB of 290 MiB, 9.1 s of 60 s: kept</dd>');
  const short = { ...ending, predictedDowntimeMs: 20, worstDowntimeMs: 300 };
  t.match(migrationText({ ...MIGRATED, ending: short }, { style: PLAIN }), 'downtime   113 ms\n');
  t.end();
});

t.test('what moved besides, and what nothing is known of, is said beside what is', (t) => {
  const mac = (last: string) => ({ network: 'blue', mac: `52:54:00:09:00:${last}` });
  const macs: MigrationResult['macs'] = [
    { ...mac('01'), origin: 'nic', covered: true, why: '' },
    { ...mac('77'), origin: 'file', covered: true, why: '' },
    { ...mac('78'), origin: 'learned', covered: false, why: 'it came late' },
  ];
  const unwatched = [{ network: 'red', mac: '52:54:00:08:00:01', why: 'no address' }];
  const result = { ...MIGRATED, macs, unwatched };
  const [headline = '', ...facts] = migrationText(result, { style: PLAIN }).split('\n');
  t.match(headline, /, no ping lost \(nothing watched red; 1 MAC behind it not covered\)$/);
  t.match(facts.join('\n'), '  moved too  1 MAC behind it, which no ping watches: 52:54:00:09:00:77\n');
  t.match(facts.join('\n'), '  uncovered  52:54:00:09:00:78 in blue: it came late\n');
  t.match(facts.join('\n'), '  unwatched  52:54:00:08:00:01 in red: no address\n');
  const page = runPage({ ...RUN, result });
  t.match(page, 'no ping lost (nothing watched red; 1 MAC behind it not covered)');
  t.match(page, '<dt>Uncovered</dt><dd>52:54:00:09:00:78 in blue: it came late</dd>');
  t.strictSame(parseRun(formatRun({ ...RUN, result }), 'x').result.macs, macs, 'and a run keeps it');
  t.notMatch(migrationText({ ...result, ping: [] }, { style: PLAIN }), /no ping lost|unwatched/, 'where nothing pings');
  t.end();
});

t.test('colour changes nothing but colour', (t) => {
  const rich = migrationText(MIGRATED, { style: RICH });
  t.not(rich, stripVTControlCharacters(rich));
  t.equal(stripVTControlCharacters(rich), migrationText(MIGRATED, { style: { ...RICH, colour: false } }));
  t.match(stripVTControlCharacters(rich), /^✔ web: host-a → host-b/);
  t.end();
});

t.test('rolled back, failed, not converged', (t) => {
  const error = { code: 'MIGRATION_ROLLED_BACK', message: 'copy: the link went down', hint: 'Try again.' };
  const back = migrationText(
    { ...MIGRATED, ok: false, outcome: 'rolled-back', transfer: null, error },
    { style: PLAIN },
  );
  t.match(back, /^BACK web: rolled back, it runs on host-a as before/);
  t.match(back, /\nMIGRATION_ROLLED_BACK: copy: the link went down\nhint: Try again\.$/);
  t.notMatch(back, 'transfer');
  t.match(
    migrationText({ ...MIGRATED, ok: false, outcome: 'failed' }, { style: PLAIN }),
    /^FAIL web: host-a -> host-b failed/,
  );
  const [host] = MIGRATED.convergence.hosts;
  const hosts = host ? [{ ...host, seen: null, afterResumeMs: null }] : [];
  const convergence = { converged: false, afterResumeMs: null, hosts };
  const unconverged = migrationText({ ...MIGRATED, ok: false, convergence, ping: [], stages: [] }, { style: PLAIN });
  t.match(unconverged, /^!! web: host-a -> host-b, migrated \(pre-copy\), but not every host sends to it/);
  t.match(unconverged, 'converged  not every host');
  t.match(unconverged, /host-a {2}blue {5}52:54:00:09:00:01 {2}nowhere {3}host-b {15}-$/);
  t.end();
});

t.test('checks', (t) => {
  const checks = [
    { name: 'host-a: tunnels', ok: true, expected: '2', seen: '2', hint: '' },
    { name: 'host-a: QEMU', ok: true, expected: '10 or newer', seen: '7.2', hint: 'Install 10.' },
    { name: 'host-b: flows', ok: false, expected: '40 flows', seen: '', hint: 'Run `vxmig apply FILE`.' },
  ];
  t.equal(
    checksText(checks, PLAIN),
    `ok   host-a: tunnels: 2
ok   host-a: QEMU: 7.2
    hint      Install 10.
FAIL host-b: flows
    expected  40 flows
    seen      nothing
    hint      Run \`vxmig apply FILE\`.

3 checks: 2 passed, 1 failed.`,
  );
  t.match(checksText(checks.slice(0, 1), RICH), /✔.*1 check: 1 passed, 0 failed\./s);
  t.end();
});

t.test('changes', (t) => {
  const change = (host: string, name: string, action: Change['action'], why: string): Change => ({
    host,
    kind: 'bridge',
    name,
    action,
    why,
  });
  const changes = [
    change('host-a', 'br-int', 'create', 'it is not there'),
    change('host-b', 'br-int', 'update', 'fail mode is not secure'),
    change('host-a', 'br-old', 'delete', 'the file no longer names it'),
    change('host-b', 'web', 'migrate', ''),
    change('host-b', 'br-phy', 'create', 'it is not there'),
  ];
  t.equal(
    changesText(changes, PLAIN),
    `host-a
  + bridge br-int  (it is not there)
  - bridge br-old  (the file no longer names it)

host-b
  ~ bridge br-int  (fail mode is not secure)
  > bridge web
  + bridge br-phy  (it is not there)`,
  );
  t.equal(totalsText(changes), 'Plan: 2 to create, 1 to update, 1 to delete, 1 to migrate.');
  t.match(stripVTControlCharacters(changesText(changes, RICH)), '→ bridge web');
  t.end();
});

t.test('quantities', (t) => {
  const bytes = [0, 1023, 1024, 1536, 134217728, 2 ** 40 * 5000].map(formatBytes);
  t.same(bytes, ['0 B', '1023 B', '1 KiB', '1.5 KiB', '128 MiB', '5000 TiB']);
  const times = [0, 0.04, 0.25, 9.96, 113.4, 999, 1000, 2396, 123456, -5].map(formatMs);
  t.same(times, ['0 ms', '0 ms', '0.3 ms', '10 ms', '113 ms', '999 ms', '1 s', '2.4 s', '123 s', '−5 ms']);
  t.end();
});

t.test('what suits a stream', (t) => {
  const terminal = { isTTY: true, columns: 120 };
  t.same(styleFor(terminal, { LANG: 'en_GB.UTF-8' }), { colour: true, width: 120, unicode: true });
  t.match(styleFor(terminal, { LANG: 'en_GB.UTF-8', LC_ALL: 'C', NO_COLOR: '1' }), { colour: false, unicode: false });
  t.match(styleFor(terminal, { NO_COLOR: '' }), { colour: true });
  t.match(styleFor({}, {}), { colour: false, width: 100 });
  t.end();
});
