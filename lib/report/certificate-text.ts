import type { Certificate } from '../model/certificate.js';
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
import { paint, type Style } from './style.js';
import { columnsText } from './table.js';

/** The certificate in short: names and values for the list of facts. */
export function certificateFacts(certificate: Certificate, to: string, style: Style): [string, string][] {
  const tone = certificate.verdict.ok ? 'good' : 'bad';
  const facts: [string, string][] = [['proven', paint(style, tone, proofSummary(certificate, to))]];
  if (certificate.repaired) {
    const hosts = [...new Set(certificate.repairs.map((repair) => repair.host))].join(', ');
    facts.push(['repaired', paint(style, 'warning', `${hosts} had to be made to learn the new place`)]);
  }
  const arming = armingWords(certificate);
  if (arming !== null) facts.push(['redirect', paint(style, 'warning', arming)]);
  for (const overflow of certificate.overflows ?? []) {
    facts.push(['overflowed', paint(style, 'warning', overflowWords(overflow))]);
  }
  for (const kind of ['lost', 'late'] as const) {
    const summary = fateSummary(certificate.frames, kind);
    if (summary !== null) facts.push([kind, summary]);
  }
  return facts;
}

/** The certificate in full, but for the traces' texts. Times are after the resume. */
export function certificateText(certificate: Certificate, style: Style): string {
  const right = { align: 'right' } as const;
  const hosts = columnsText(
    [
      { title: 'HOST' },
      { title: 'NETWORK' },
      { title: 'MAC' },
      { title: 'MOVED', ...right },
      { title: 'OFF BY', ...right },
      { title: 'MOVES', ...right },
      { title: 'MONITOR' },
      { title: 'TRACES' },
    ],
    certificate.hosts.map((host) => [
      host.host,
      host.network,
      host.mac,
      host.fdbMovedAfterResumeMs === null ? '-' : formatMs(host.fdbMovedAfterResumeMs),
      host.fdbMovedErrorMs === null ? '-' : formatMs(host.fdbMovedErrorMs),
      String(host.moves),
      monitorWords(host),
      host.traces.map(traceWords).join('; '),
    ]),
    style,
  );
  const timeline = columnsText(
    [{ title: 'FROM', ...right }, { title: 'TO', ...right }, { title: 'WHAT' }],
    certificate.timeline.map((interval) => [
      around(interval.fromMs, interval.fromErrorMs),
      interval.toMs === null ? '-' : around(interval.toMs, interval.toErrorMs),
      causeWords(interval) + (interval.network === null ? '' : ` (${interval.network})`),
    ]),
    style,
  );
  const frames = columnsText(
    [
      { title: 'PING' },
      { title: 'FRAMES', ...right },
      { title: 'SENT', ...right },
      { title: 'LONGEST WAIT', ...right },
      { title: 'WHY' },
    ],
    certificate.frames.map((frame) => [
      `${frame.from} to ${frame.address}`,
      `${frame.count} ${frame.kind}`,
      `${formatMs(frame.sentFromMs)} … ${formatMs(frame.sentToMs)}`,
      frame.longestWaitMs === null ? '-' : formatMs(frame.longestWaitMs),
      causesWords(frame),
    ]),
    style,
  );
  const repairs = certificate.repairs.map(({ host, found, done }) => `${host}: ${found}. ${done}.`);
  return [
    `${certificate.verdict.text}.`,
    ...repairs,
    hosts,
    timeline,
    certificate.frames.length === 0 ? 'No frame was late or lost.' : frames,
    paint(style, 'quiet', `Times count from the resume. Late: ${certificate.lateMeans}.`),
  ].join('\n\n');
}

function traceWords({ from, leavesTowards, ok, problem }: Certificate['hosts'][number]['traces'][number]): string {
  return ok ? `${from} to ${leavesTowards.join(', ')}` : `${from}: ${problem}`;
}

function around(ms: number, errorMs: number): string {
  return `${formatMs(ms)} ±${formatMs(errorMs)}`;
}
