import type { VxmigEvent } from '../../model/event.js';
import { formatBytes, formatMs } from '../../model/quantities.js';
import { changeLine } from '../../report/changes-text.js';
import type { Style } from '../../report/style.js';
import type { LiveLine } from './live-line.js';
import type { Log } from './log.js';

/** Off a terminal a line of copying is worth this much time. */
const COPY_LINE_EVERY_MS = 1_000;

export interface ProgressLine {
  readonly level: 'debug' | 'info' | 'warn';
  readonly text: string;
}

type Renderers = {
  readonly [Kind in VxmigEvent['kind']]: (event: Extract<VxmigEvent, { kind: Kind }>, style: Style) => ProgressLine;
};

/** A kind of event without a renderer does not compile. */
const RENDERERS: Renderers = {
  connecting: ({ hosts }) => info(`Connecting to ${hosts.join(', ')}`),
  // The result lists them all.
  'change-applied': ({ change }, style) => ({ level: 'debug', text: `${change.host}: ${changeLine(change, style)}` }),
  'stage-started': ({ vm, stage }) => ({ level: 'debug', text: `${vm}: ${stage} begins` }),
  'stage-finished': ({ vm, stage, durationMs, error }) =>
    error === null
      ? info(`${vm}: ${stage} (${formatMs(durationMs)})`)
      : { level: 'warn', text: `${vm}: ${stage} failed after ${formatMs(durationMs)}: ${error}` },
  'copy-progress': (event) => info(copyText(event)),
  note: ({ text }) => info(text),
  warning: ({ text }) => ({ level: 'warn', text }),
};

/** An event in a line for people. */
export function progressLine(event: VxmigEvent, style: Style): ProgressLine {
  const render = RENDERERS[event.kind] as (event: VxmigEvent, style: Style) => ProgressLine;
  return render(event, style);
}

function info(text: string): ProgressLine {
  return { level: 'info', text };
}

function copyText(event: Extract<VxmigEvent, { kind: 'copy-progress' }>): string {
  const parts = [
    `${formatBytes(event.processedBytes)} sent, ${formatBytes(event.remainingBytes)} of ${formatBytes(event.totalBytes)} left`,
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
  readonly live: LiveLine | null;
  readonly nowMs: () => number;
}

/** Events as they come: copying on one line that changes in place, or at most a line per second where it can't. */
export function progressPrinter({ log, style, live, nowMs }: ProgressOptions): (event: VxmigEvent) => void {
  let lastCopyMs = Number.NEGATIVE_INFINITY;
  return (event) => {
    // Before QEMU has looked at the memory there is nothing to tell.
    if (event.kind === 'copy-progress' && event.totalBytes === 0) return;
    const { level, text } = progressLine(event, style);
    if (event.kind !== 'copy-progress') {
      if (event.kind === 'stage-finished') live?.show('');
      log[level](text, { event });
    } else if (live !== null) {
      live.show(text);
      log.debug(text, { event });
    } else if (nowMs() - lastCopyMs >= COPY_LINE_EVERY_MS) {
      lastCopyMs = nowMs();
      log[level](text, { event });
    }
  };
}
