import type { Certificate, HostCertificate, TraceProof } from '../model/certificate.js';
import { formatMs } from '../model/quantities.js';
import {
  armingWords,
  causesWords,
  causeWords,
  fateSummary,
  monitorWords,
  overflowWords,
  proofSummary,
} from './certificate-words.js';
import { type Heading, numbers, tableOf, words } from './html-table.js';
import { type Markup, markup } from './markup.js';

/** What the run proves, and why frames were late or lost. */
export function certificateSection(certificate: Certificate, to: string): Markup {
  const { verdict, repairs, hosts, frames, lateMeans, overflows = [] } = certificate;
  const arming = armingWords(certificate);
  const redirect = arming === null ? null : markup`<dt>Redirect</dt><dd>${arming}</dd>`;
  const fates = (['lost', 'late'] as const).flatMap((kind) => {
    const summary = fateSummary(frames, kind);
    return summary === null ? [] : [markup`<dt>${kind === 'lost' ? 'Lost' : 'Late'}</dt><dd>${summary}</dd>`];
  });
  return markup`<h2 id="certificate">Certificate</h2>
<p class="${verdict.ok ? 'good' : 'bad'}">${verdict.text}.</p>
<dl><dt>Proven</dt><dd>${proofSummary(certificate, to)}</dd>${redirect}${fates}</dl>
${repairs.map(({ host, found, done }) => markup`<p><strong>Repaired:</strong> ${host}: ${found}. ${done}.</p>`)}
${overflows.map((overflow) => markup`<p><strong>Overflowed:</strong> ${overflowWords(overflow)}.</p>`)}
${hosts.length === 0 ? null : hostTable(certificate)}
${hosts.flatMap((host) => host.traces.map((trace) => traceDetails(host, trace)))}
<h3>What happened when</h3>
${timelineTable(certificate)}
<h3>Late and lost frames</h3>
${frames.length === 0 ? markup`<p>There was none.</p>` : frameTable(certificate)}
<p class="quiet">Times count from the resume, by the controller’s clock. Late: ${lateMeans}.</p>`;
}

function traceDetails(
  { host, network }: HostCertificate,
  { from, ok, leavesTowards, problem, text }: TraceProof,
): Markup {
  const way = ok ? `leaves towards ${leavesTowards.join(', ')}` : `does not go where it should: ${problem}`;
  return markup`<details><summary>${host}, ${network}: a frame that comes in by ${from} ${way}</summary>
<pre>${text}</pre></details>
`;
}

function hostTable({ hosts }: Certificate): Markup {
  const headings: Heading[] = [
    ...words('Host', 'Network', 'MAC'),
    ...numbers('Table moved', 'Off by', 'Moves'),
    ...words('Monitor', 'Traces'),
  ];
  const rows = hosts.map((host) => [
    host.host,
    host.network,
    host.mac,
    msOrNone(host.fdbMovedAfterResumeMs),
    msOrNone(host.fdbMovedErrorMs),
    host.moves,
    monitorWords(host),
    host.traces.length === 0 ? 'none' : host.traces.every(({ ok }) => ok) ? 'right' : 'wrong',
  ]);
  return tableOf(headings, rows);
}

function timelineTable({ timeline }: Certificate): Markup {
  const rows = timeline.map((interval) => [
    formatMs(interval.fromMs),
    `±${formatMs(interval.fromErrorMs)}`,
    msOrNone(interval.toMs),
    `±${formatMs(interval.toErrorMs)}`,
    causeWords(interval) + (interval.network === null ? '' : ` (${interval.network})`),
  ]);
  return tableOf([...numbers('From', 'Off by', 'To', 'Off by'), ...words('What')], rows);
}

function frameTable({ frames }: Certificate): Markup {
  const rows = frames.map((frame) => [
    `${frame.from} to ${frame.address}`,
    `${frame.count} ${frame.kind}`,
    `${frame.firstSequence}–${frame.lastSequence}`,
    `${formatMs(frame.sentFromMs)} … ${formatMs(frame.sentToMs)}`,
    msOrNone(frame.longestWaitMs),
    causesWords(frame),
  ]);
  return tableOf([...words('Ping'), ...numbers('Frames', 'Sequence', 'Sent', 'Longest wait'), ...words('Why')], rows);
}

function msOrNone(ms: number | null): string {
  return ms === null ? '–' : formatMs(ms);
}
