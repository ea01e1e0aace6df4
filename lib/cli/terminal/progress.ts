import type { VxmigEvent } from '../../model/event.js';
import type { LabEvent } from '../../model/lab-event.js';
import { negotiationText } from '../../model/negotiation.js';
import { type ObservedEvent, observedText } from '../../model/observed-text.js';
import { formatBytes, formatMs } from '../../model/quantities.js';
import { changeLine } from '../../report/changes-text.js';
import type { Style } from '../../report/style.js';
import { newsText } from '../../report/watch-text.js';
import { isOfLab, labProgressLine } from './lab-progress.js';
import type { LiveLines } from './live-lines.js';
import type { Log, LogLine } from './log.js';

/** Off a terminal a line of copying is worth this much time. */
const COPY_LINE_EVERY_MS = 1_000;

type Renderers = {
  readonly [Kind in Exclude<VxmigEvent, LabEvent>['kind']]: (
    event: Extract<VxmigEvent, { kind: Kind }>,
    style: Style,
  ) => LogLine;
};

/** A kind of event without a renderer does not compile. */
const RENDERERS: Renderers = {
  connecting: ({ hosts }) => info(`Connecting to ${hosts.join(', ')}`),
  // The result lists them all.
  'change-applied': ({ change }, style) => debug(`${change.host}: ${changeLine(change, style)}`),
  'stage-started': ({ vm, stage }) => debug(`${vm}: ${stage} begins`),
  'stage-finished': ({ vm, stage, durationMs, error }) =>
    error === null
      ? info(`${vm}: ${stage} (${formatMs(durationMs)})`)
      : warn(`${vm}: ${stage} failed after ${formatMs(durationMs)}: ${error}`),
  // What is refused, the stage that fails says.
  negotiated: (event) =>
    (event.ok && event.why !== '' ? info : debug)(`${event.vm}: ${event.host}: ${negotiationText(event)}`),
  'copy-progress': (event) => info(copyText(event)),
  'guest-paused': seen,
  'guest-resumed': seen,
  'table-moved': seen,
  observed: seen,
  watch: ({ host, news }, style) => debug(`${host}: ${newsText(news, style)}`),
  note: ({ text }) => info(text),
  warning: ({ vm, text }) => warn(vm === undefined ? text : `${vm}: ${text}`),
  failure: ({ text }) => ({ level: 'error', text }),
  detail: ({ text }) => debug(text),
};

/** They are in the result, or are it: nobody reads them while they happen. */
const NOT_ON_A_TERMINAL: ReadonlySet<VxmigEvent['kind']> = new Set<VxmigEvent['kind']>([
  'guest-paused',
  'guest-resumed',
  'table-moved',
  'observed',
  'watch',
]);

/** An event in a line for people. */
export function progressLine(event: VxmigEvent, style: Style): LogLine {
  if (isOfLab(event)) return labProgressLine(event);
  const render = RENDERERS[event.kind] as (event: VxmigEvent, style: Style) => LogLine;
  return render(event, style);
}

function seen(event: ObservedEvent): LogLine {
  return debug(`${event.vm}: ${event.host === null ? '' : `${event.host}: `}${observedText(event)}`);
}

function debug(text: string): LogLine {
  return { level: 'debug', text };
}

function warn(text: string): LogLine {
  return { level: 'warn', text };
}

function info(text: string): LogLine {
  return { level: 'info', text };
}

function copyText(event: Extract<VxmigEvent, { kind: 'copy-progress' }>): string {
  const { disks, totalBytes } = event;
  if (disks != null && totalBytes === 0)
    return `${event.vm}: disks: ${formatBytes(disks.processedBytes)} of ${formatBytes(disks.totalBytes)} copied`;
  const parts = [
    `${formatBytes(event.processedBytes)} sent, ${formatBytes(event.remainingBytes)} of ` +
      `${formatBytes(totalBytes)} left`,
    ...(event.bytesPerSecond === null ? [] : [`${formatBytes(event.bytesPerSecond)}/s`]),
    ...(event.dirtyBytesPerSecond === null ? [] : [`dirty ${formatBytes(event.dirtyBytesPerSecond)}/s`]),
    ...(event.throttlePercent ? [`guest throttled by ${event.throttlePercent} %`] : []),
    ...(event.iteration === null ? [] : [`pass ${event.iteration}`]),
  ];
  return `${event.vm}: ${parts.join(', ')}`;
}

export interface ProgressOptions {
  readonly log: Log;
  readonly style: Style;
  /** null off a terminal, and where nothing is to be shown. */
  readonly live: LiveLines | null;
  readonly nowMs: () => number;
}

/**
 * Events as they come: copying on one line for each VM that changes in place, or at most a line per second and VM where
 * it can't.
 */
export function progressPrinter({ log, style, live, nowMs }: ProgressOptions): (event: VxmigEvent) => void {
  const lastCopyMs = new Map<string, number>();
  return (event) => {
    if (NOT_ON_A_TERMINAL.has(event.kind)) return;
    const { level, text } = progressLine(event, style);
    if (event.kind !== 'copy-progress') {
      if (event.kind === 'stage-finished') live?.show(event.vm, '');
      log[level](text);
      return;
    }
    // Before QEMU has looked at the memory there is nothing to tell.
    if (event.totalBytes === 0 && event.disks == null) return;
    if (live !== null) live.show(event.vm, text);
    else if (nowMs() - (lastCopyMs.get(event.vm) ?? Number.NEGATIVE_INFINITY) >= COPY_LINE_EVERY_MS) {
      lastCopyMs.set(event.vm, nowMs());
      log[level](text);
    }
  };
}
