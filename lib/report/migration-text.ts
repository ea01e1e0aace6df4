import type { MigrationResult, PingFigures } from '../model/migration-result.js';
import { formatBytes, formatCount, formatMs } from '../model/quantities.js';
import { certificateFacts, certificateText } from './certificate-text.js';
import { coverageFacts, lossWords } from './coverage-words.js';
import { boundWords, endingWords } from './ending-words.js';
import { paint, type Style } from './style.js';
import { columnsText, indented } from './table.js';

export interface MigrationTextOptions {
  readonly style: Style;
  /** A line that shows a probe's replies over time, no wider than `columns`; empty where nothing was recorded. */
  readonly timeline?: (probe: PingFigures, columns: number) => string;
  /** What the signs in the timelines mean, said once below them. */
  readonly legend?: string;
}

/** A migration for people: what happened, what it cost, and the evidence; no newline at the end. */
export function migrationText(result: MigrationResult, options: MigrationTextOptions): string {
  const { style } = options;
  const sections = [
    headline(result, style),
    facts(result, style),
    result.ping.length === 0 ? '' : section('Pings while it moved', pings(result, options), style),
    result.convergence.hosts.length === 0
      ? ''
      : section('Where each host sends its frames', hosts(result, style), style),
    result.certificate === undefined || style.verbose !== true
      ? ''
      : section('Certificate', certificateText(result.certificate, style), style),
    result.stages.length === 0 ? '' : section('Stages', stages(result, style), style),
    problem(result, style),
  ];
  return sections.filter((text) => text !== '').join('\n\n');
}

function section(title: string, body: string, style: Style): string {
  return `${paint(style, 'heading', title)}\n${indented(body)}`;
}

function headline(result: MigrationResult, style: Style): string {
  const { vm, from, to, outcome, strategy } = result;
  const arrow = style.unicode ? '→' : '->';
  const pings = lossWords(result);
  switch (outcome) {
    case 'migrated': {
      const good = paint(style, 'good', style.unicode ? '✔' : 'OK');
      const unconverged = result.convergence.converged ? '' : ', but not every host sends to it';
      const sign = unconverged === '' ? good : paint(style, 'warning', '!!');
      return `${sign} ${vm}: ${from} ${arrow} ${to}, migrated (${strategy})${unconverged}${pings}`;
    }
    case 'rolled-back':
      return (
        `${paint(style, 'warning', style.unicode ? '↩' : 'BACK')} ${vm}: rolled back, it runs on ${from} as ` +
        `before${pings}`
      );
    case 'failed':
      return `${paint(style, 'bad', style.unicode ? '✘' : 'FAIL')} ${vm}: ${from} ${arrow} ${to} failed${pings}`;
  }
}

function facts(result: MigrationResult, style: Style): string {
  const { transfer, announce, convergence } = result;
  const rows: [string, string][] = [];
  if (transfer) {
    const speed =
      `${formatBytes(transfer.throughputBytesPerSecond)}/s, ` + `${formatCount(transfer.iterations, 'pass', 'passes')}`;
    rows.push(['transfer', `${formatBytes(transfer.transferredBytes)} in ${formatMs(transfer.durationMs)} (${speed})`]);
    const took = transfer.downtimeMs === null ? 'libvirt did not tell' : formatMs(transfer.downtimeMs);
    rows.push(['downtime', `${took}${endingWords(result)}`]);
  }
  if (result.bound !== undefined) {
    const kept = result.bound.kept ? paint(style, 'good', 'kept') : paint(style, 'bad', 'not kept');
    rows.push(['bound', `${boundWords(result.bound)}: ${kept}`]);
  }
  for (const { target, bytes, durationMs } of result.disks ?? []) {
    if (bytes === null || durationMs === null) continue;
    rows.push([`disk ${target}`, `${formatBytes(bytes)} copied, in sync after ${formatMs(durationMs)}`]);
  }
  if (result.outcome === 'migrated') {
    rows.push([
      'announced',
      `${announce.rarp} RARP, ${announce.garp} gratuitous ARP, ${announce.na} neighbour advertisements`,
    ]);
    const after = convergence.afterResumeMs === null ? '' : `, ${formatMs(convergence.afterResumeMs)} after the resume`;
    const converged = paint(style, 'good', 'every host') + after;
    rows.push(['converged', convergence.converged ? converged : paint(style, 'bad', 'not every host')]);
    rows.push(...coverageFacts(result));
  }
  if (result.certificate !== undefined && result.outcome === 'migrated')
    rows.push(...certificateFacts(result.certificate, result.to, style));
  return rows.map(([name, value]) => `  ${paint(style, 'quiet', name.padEnd(10))} ${value}`).join('\n');
}

function pings(result: MigrationResult, { style, timeline, legend }: MigrationTextOptions): string {
  const rows = result.ping.map((probe) => [
    probe.from,
    probe.to,
    probe.address,
    formatMs(probe.intervalMs),
    String(probe.sent),
    paint(style, probe.lost === 0 ? 'good' : 'bad', String(probe.lost)),
    String(probe.duplicates),
    msOrNone(probe.longestGapMs),
    msOrNone(probe.longestWaitMs),
  ]);
  const right = { align: 'right' } as const;
  const columns = [
    { title: 'FROM' },
    { title: 'TO' },
    { title: 'ADDRESS' },
    { title: 'EVERY', ...right },
    { title: 'SENT', ...right },
    { title: 'LOST', ...right },
    { title: 'DUPLICATES', ...right },
    { title: 'LONGEST GAP', ...right },
    { title: 'LONGEST WAIT', ...right },
  ];
  const drawn = result.ping.flatMap((probe) => {
    const line = timeline?.(probe, Math.max(20, style.width - 2)) ?? '';
    return line === '' ? [] : ['', paint(style, 'quiet', `${probe.from} to ${probe.address}`), line];
  });
  const explained = drawn.length === 0 || legend === undefined ? [] : [paint(style, 'quiet', legend)];
  return [columnsText(columns, rows, style), ...drawn, ...explained].join('\n');
}

function hosts(result: MigrationResult, style: Style): string {
  const rows = result.convergence.hosts.map(({ host, network, mac, expected, seen, afterResumeMs }) => [
    host,
    network,
    mac,
    paint(style, seen === expected ? 'good' : 'bad', seen ?? 'nowhere'),
    expected,
    msOrNone(afterResumeMs),
  ]);
  const titles = ['HOST', 'NETWORK', 'MAC', 'SENDS TO', 'EXPECTED'].map((title) => ({ title }));
  return columnsText([...titles, { title: 'AFTER RESUME', align: 'right' }], rows, style);
}

function stages(result: MigrationResult, style: Style): string {
  const beginning = Math.min(...result.stages.map(({ startedAt }) => Date.parse(startedAt)));
  const rows = result.stages.map(({ stage, startedAt, durationMs }) => [
    stage,
    `+${formatMs(Date.parse(startedAt) - beginning)}`,
    formatMs(durationMs),
  ]);
  return columnsText(
    [{ title: 'STAGE' }, { title: 'START', align: 'right' }, { title: 'TOOK', align: 'right' }],
    rows,
    style,
  );
}

function problem(result: MigrationResult, style: Style): string {
  if (!result.error) return '';
  const { code, message, hint } = result.error;
  return (
    `${paint(style, 'bad', code)}: ` + `${message}${hint === '' ? '' : `\n${paint(style, 'warning', 'hint')}: ${hint}`}`
  );
}

function msOrNone(ms: number | null): string {
  return ms === null ? '-' : formatMs(ms);
}
