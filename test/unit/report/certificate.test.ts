import t from 'tap';
import type { Certificate } from '../../../lib/model/certificate.js';
import type { RunRecord } from '../../../lib/model/run-record.js';
import { runPage } from '../../../lib/report/html.js';
import { marksOf } from '../../../lib/report/marks.js';
import { migrationText } from '../../../lib/report/migration-text.js';
import { formatRun, parseRun } from '../../../lib/report/run-format.js';
import { CERTIFICATE, MIGRATED, RUN } from './run-fixture.js';

const RESULT = { ...MIGRATED, certificate: CERTIFICATE };
const CERTIFIED: RunRecord = { ...RUN, result: RESULT };
const PLAIN = { colour: false, width: 100, unicode: false };

t.test('in short: what is proven, what was repaired, and why frames were lost and late', (t) => {
  const text = migrationText(RESULT, { style: PLAIN });
  t.match(text, '  proven     1 trace: every switch sends to host-b; clocks known to ±0.7 ms\n');
  t.match(text, '  repaired   host-c had to be made to learn the new place\n');
  t.match(text, '  overflowed host-c: the packet socket of eth0 had no room for 106 frames\n');
  t.match(text, '  lost       2 frames: 2 the guest was paused or host-c had not learned the new place\n');
  t.match(text, '  late       9 frames, by up to 112 ms: 9 the guest was paused\n');
  t.notMatch(text, /\nCertificate/);
  t.end();
});

t.test('in full', (t) => {
  const text = migrationText(RESULT, { style: { ...PLAIN, verbose: true } });
  t.match(text, /\nCertificate\n {2}web is at host-b: every host sends to it there/);
  t.match(text, 'host-c: its table has 52:54:00:09:00:01 at host-a. removed table=50');
  t.match(
    text,
    /host-c +blue +52:54:00:09:00:01 +1\.01 s +2\.5 ms +1 +incomplete: the monitor ended.* +pr-blue-wgop2 to host-b/,
  );
  t.match(text, /−113 ms ±0\.4 ms +0 ms ±0\.7 ms +the guest was paused/);
  t.match(text, /2 lost .* perhaps the guest was paused or host-c had not learned .*undecidable within ±2\.5 ms/);
  t.end();
});

t.test('what is not proven is said to be', (t) => {
  const [host] = CERTIFICATE.hosts;
  const [trace] = host?.traces ?? [];
  const wrong = trace && { ...trace, ok: false, problem: 'it is dropped' };
  const hosts = host && wrong ? [{ ...host, traces: [wrong] }] : [];
  const certificate = { ...CERTIFICATE, hosts, verdict: { ok: false, text: 'no' } };
  t.match(migrationText({ ...RESULT, certificate }, { style: PLAIN }), '  proven     not by host-c; clocks known');
  t.match(
    runPage({ ...CERTIFIED, result: { ...RESULT, certificate } }).toString(),
    'does not go where it should: it is dropped',
  );
  t.end();
});

t.test('where all that was asked is right, and not all was asked for, that is said', (t) => {
  const certificate = { ...CERTIFICATE, verdict: { ok: false, text: 'but for 52:54:00:09:00:77' } };
  const text = migrationText({ ...RESULT, certificate }, { style: PLAIN });
  t.match(text, '  proven     1 trace: every switch sends to host-b, but not for all that may be behind it; clocks');
  t.end();
});

t.test('on the page: with the traces, and nothing in them is markup', (t) => {
  const page = runPage(CERTIFIED);
  t.match(page, '<h2 id="certificate">Certificate</h2>');
  t.match(page, 'in_port=401 &lt;&amp; more&gt;');
  t.match(page, '<strong>Overflowed:</strong> host-c: the packet socket of eth0');
  t.match(page, '<strong>Repaired:</strong> host-c');
  t.match(page, /<rect class="strip"[^>]*><title>host-c had not learned the new place<\/title>/);
  t.notMatch(runPage(RUN), 'id="certificate"');
  t.end();
});

t.test('a redirect that was late at first, or never in time, is told', (t) => {
  const late = { atMs: -900, tookMs: 1060.4, inTime: false };
  const facts = (arming: Certificate['arming']) =>
    migrationText({ ...RESULT, certificate: { ...CERTIFICATE, ...(arming && { arming }) } }, { style: PLAIN });
  const took = 'arranging it took 1.06 s, longer than frames can wait for it';
  t.match(
    facts([late, { ...late, tookMs: 20, inTime: true }]),
    `  redirect   frames were sent ahead at attempt 2: before, ${took}\n`,
  );
  t.match(facts([late]), `  redirect   no frames were sent ahead: ${took}\n`);
  t.notMatch(facts([{ ...late, inTime: true }]), /redirect /);
  const page = runPage({ ...CERTIFIED, result: { ...RESULT, certificate: { ...CERTIFICATE, arming: [late] } } });
  t.match(page, '<dt>Redirect</dt><dd>no frames were sent ahead');
  t.end();
});

t.test('the redirect is a mark', (t) => {
  const mark = marksOf(RESULT, RUN.clocks).find(({ kind }) => kind === 'redirected');
  t.equal(mark?.atMs, Date.parse(CERTIFICATE.zeroAt) - 150);
  t.end();
});

t.test('a run keeps it, and one without is read too', (t) => {
  t.same(parseRun(formatRun(CERTIFIED), 'x').result.certificate, CERTIFICATE);
  t.equal(parseRun(formatRun(RUN), 'x').result.certificate, undefined);
  const broken = formatRun(CERTIFIED).replace('"confidence":"sure"', '"confidence":"maybe"');
  t.throws(() => parseRun(broken, 'x'), { code: 'USAGE', message: /certificate/ });
  t.end();
});
