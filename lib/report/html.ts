import type { MigrationResult } from '../model/migration-result.js';
import type { ProbeSeries, TimeMark } from '../model/probe-series.js';
import { formatBytes, formatCount, formatMs } from '../model/quantities.js';
import type { RunRecord } from '../model/run-record.js';
import { certificateSection } from './certificate-html.js';
import { causeWords } from './certificate-words.js';
import { coverageFacts, lossWords } from './coverage-words.js';
import { delayPlot, type PlotInterval } from './delay-plot.js';
import { boundWords, endingWords } from './ending-words.js';
import { PAGE_STYLE } from './html-style.js';
import { numbers, tableOf, words } from './html-table.js';
import { marksOf } from './marks.js';
import { Markup, markup } from './markup.js';
import { stageChart } from './stage-chart.js';

/** How much is shown before the pause and after the resume in the close-up. */
const AROUND_PAUSE_MS = 500;

/** A run as one page that needs nothing else: no script, no request. */
export function runPage(run: RunRecord): string {
  const { result } = run;
  const title = `${result.vm}: ${result.from} → ${result.to}`;
  const marks = marksOf(result, run.clocks);
  const zeroMs = Math.min(
    ...[...result.stages.map(({ startedAt }) => startedAt), run.startedAt].map((at) => Date.parse(at)),
  );
  const intervals = intervalsOf(result);
  const startedAt = run.startedAt.replace('T', ' ').replace('Z', ' UTC');
  const page = markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title} – vxmig</title>
<style>${new Markup(PAGE_STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p><span class="outcome ${result.ok ? 'good' : 'bad'}">${outcome(result)}</span>
<span class="quiet">· ${run.topology} · <time datetime="${run.startedAt}">${startedAt}</time></span></p>
</header>
<main>
${problem(result)}
${facts(result)}
<h2 id="pings">Pings while it moved</h2>
${pingTable(result)}
${run.probes.map((series, index) => probePlots(series, { id: `probe-${index}`, marks, intervals, zeroMs }))}
${convergenceSection(result)}
${result.certificate === undefined ? null : certificateSection(result.certificate, result.to)}
${stagesSection(result, zeroMs)}
${run.events.length === 0 ? null : markup`<h2 id="events">Events</h2><pre>${eventLines(run, zeroMs)}</pre>`}
</main>
<footer>vxmig ${run.vxmig}${clockNote(run)}</footer>
</body>
</html>
`;
  return page.text;
}

function convergenceSection(result: MigrationResult): Markup | null {
  if (result.convergence.hosts.length === 0) return null;
  return markup`<h2 id="convergence">Where each host sends its frames</h2>${convergenceTable(result)}`;
}

function stagesSection(result: MigrationResult, zeroMs: number): Markup | null {
  if (result.stages.length === 0) return null;
  const chart = markup`<figure>${stageChart(result.stages)}</figure>`;
  return markup`<h2 id="stages">Stages</h2>${chart}${stageTable(result, zeroMs)}`;
}

function outcome(result: MigrationResult): string {
  const words = { migrated: `migrated (${result.strategy})`, 'rolled-back': 'rolled back', failed: 'failed' }[
    result.outcome
  ];
  return `${words}${lossWords(result)}`;
}

function problem({ error }: MigrationResult): Markup | null {
  return error
    ? markup`<p role="alert"><strong class="bad">${error.code}</strong>: ${error.message}<br>${error.hint}</p>`
    : null;
}

function facts(result: MigrationResult): Markup {
  const { outcome, transfer, announce, convergence } = result;
  const copied = transfer
    ? `${formatBytes(transfer.transferredBytes)} in ${formatMs(transfer.durationMs)}, ` +
      `${formatBytes(transfer.throughputBytesPerSecond)}/s, ${formatCount(transfer.iterations, 'pass', 'passes')}`
    : 'no figures';
  const downtime = transfer?.downtimeMs == null ? 'not told by libvirt' : formatMs(transfer.downtimeMs);
  const after = convergence.afterResumeMs === null ? '' : `, ${formatMs(convergence.afterResumeMs)} after the resume`;
  const announced = `${announce.rarp} RARP, ${announce.garp} gratuitous ARP, ${announce.na} neighbour advertisements`;
  const behind = coverageFacts(result).map(
    ([name, value]) => markup`<dt>${name.charAt(0).toUpperCase()}${name.slice(1)}</dt><dd>${value}</dd>`,
  );
  const bound = result.bound
    ? markup`
<dt>Bound</dt><dd>${boundWords(result.bound)}: ${result.bound.kept ? 'kept' : 'not kept'}</dd>`
    : null;
  const moved =
    outcome === 'migrated'
      ? markup`<dt>Announced</dt><dd>${announced}</dd>
<dt>Converged</dt><dd>${convergence.converged ? `every host${after}` : 'not every host'}</dd>
${behind}`
      : null;
  return markup`<dl>
<dt>Transfer</dt><dd>${copied}</dd>
<dt>Downtime</dt><dd>${downtime}${endingWords(result)}</dd>${bound}
${moved}
</dl>`;
}

function pingTable(result: MigrationResult): Markup {
  if (result.ping.length === 0) return markup`<p>No probe was watching.</p>`;
  const headings = [
    ...words('From', 'To', 'Address'),
    ...numbers('Every', 'Sent', 'Lost', 'Duplicates', 'Longest gap', 'Longest wait'),
  ];
  const rows = result.ping.map((probe) => [
    probe.from,
    probe.to,
    probe.address,
    formatMs(probe.intervalMs),
    probe.sent,
    probe.lost,
    probe.duplicates,
    msOrNone(probe.longestGapMs),
    msOrNone(probe.longestWaitMs),
  ]);
  return tableOf(headings, rows);
}

function probePlots(
  series: ProbeSeries,
  plot: { id: string; marks: readonly TimeMark[]; intervals: readonly PlotInterval[]; zeroMs: number },
): Markup | null {
  const first = series.requests[0];
  const last = series.requests.at(-1);
  if (!first || !last) return null;
  const paused = plot.marks.find(({ kind }) => kind === 'paused');
  const resumed = plot.marks.find(({ kind }) => kind === 'resumed');
  const whole = delayPlot({ ...plot, series, fromMs: first.sentAtMs, toMs: last.sentAtMs + series.intervalMs });
  const close =
    paused && resumed
      ? delayPlot({
          ...plot,
          id: `${plot.id}-close`,
          series,
          fromMs: paused.atMs - AROUND_PAUSE_MS,
          toMs: resumed.atMs + AROUND_PAUSE_MS,
        })
      : null;
  return markup`<h3>${series.from} to ${series.address}</h3>
${figure(whole, WHOLE_RUN)}
${close && figure(close, AROUND_PAUSE)}`;
}

const WHOLE_RUN =
  'The whole run: each dot is a reply, at the time its request left; a cross on top is a lost request; the band is ' +
  'the pause.';
const AROUND_PAUSE =
  'Around the pause; dotted lines: a host has converged; strips on top: what the certificate tells of that time.';

function figure(plot: Markup, caption: string): Markup {
  return markup`<figure tabindex="0">${plot}<figcaption>${caption}</figcaption></figure>`;
}

/** All but the pause, which is a band, and what lasts for most of the run. */
function intervalsOf({ certificate }: MigrationResult): PlotInterval[] {
  if (certificate === undefined) return [];
  const zeroMs = Date.parse(certificate.zeroAt);
  return certificate.timeline
    .filter(({ kind }) => !['before', 'copying', 'paused', 'overflow'].includes(kind))
    .map(({ fromMs, toMs, ...cause }) => ({
      fromMs: zeroMs + fromMs,
      toMs: toMs === null ? Number.POSITIVE_INFINITY : zeroMs + toMs,
      label: causeWords(cause),
    }));
}

function convergenceTable(result: MigrationResult): Markup {
  const headings = [...words('Host', 'Network', 'MAC', 'Sends to', 'Expected'), ...numbers('After the resume')];
  const rows = result.convergence.hosts.map((entry) => [
    entry.host,
    entry.network,
    entry.mac,
    entry.seen ?? 'nowhere',
    entry.expected,
    msOrNone(entry.afterResumeMs),
  ]);
  return tableOf(headings, rows);
}

function stageTable(result: MigrationResult, zeroMs: number): Markup {
  const rows = result.stages.map(({ stage, startedAt, durationMs }) => [
    stage,
    `+${formatMs(Date.parse(startedAt) - zeroMs)}`,
    formatMs(durationMs),
  ]);
  return tableOf([...words('Stage'), ...numbers('Start', 'Took')], rows);
}

function eventLines(run: RunRecord, zeroMs: number): string {
  return run.events
    .map(
      ({ atMs, host, text }) =>
        `${((atMs - zeroMs) / 1000).toFixed(3).padStart(9)} s  ${(host ?? 'vxmig').padEnd(12)} ${text}`,
    )
    .join('\n');
}

function clockNote(run: RunRecord): string {
  const errors = Object.values(run.clocks).map(({ errorMs }) => errorMs);
  return errors.length === 0 ? '' : ` · hosts’ clocks are known to ±${formatMs(Math.max(...errors))}`;
}

function msOrNone(ms: number | null): string {
  return ms === null ? '–' : formatMs(ms);
}
