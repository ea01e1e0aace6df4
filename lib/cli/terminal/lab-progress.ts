import type { VxmigEvent } from '../../model/event.js';
import type { LabEvent } from '../../model/lab-event.js';
import { formatCount, formatMs } from '../../model/quantities.js';
import type { LogLine } from './log.js';

type Renderers = {
  readonly [Kind in LabEvent['kind']]: (event: Extract<LabEvent, { kind: Kind }>) => LogLine;
};

/** A kind of event without a renderer does not compile. */
const RENDERERS: Renderers = {
  'lab-started': ({ lab, hosts, management }) =>
    info(`Lab ${lab}: ${formatCount(hosts.length, 'host')}, reached over ${management}`),
  'lab-machine-starting': ({ machine }) => debug(`${machine}: starting`),
  'lab-machine-ready': ({ machine, durationMs }) => info(`${machine}: ready (${formatMs(durationMs)})`),
  'lab-machine-kept': ({ machine }) => info(`${machine}: is up already`),
  'lab-daemon-started': ({ machine, daemon, durationMs }) =>
    debug(`${machine}: ${daemon} answers (${formatMs(durationMs)})`),
  'lab-warning': ({ warning }) => ({ level: 'warn', text: `${warning.message} ${warning.hint}` }),
  'lab-up': ({ lab, durationMs, changed }) =>
    info(changed ? `Lab ${lab} is up (${formatMs(durationMs)})` : `Lab ${lab} was up already; nothing to do`),
  'lab-removing': ({ lab, processes, interfaces }) =>
    info(
      `Lab ${lab}: removing ${formatCount(processes, 'process', 'processes')}, ${formatCount(interfaces, 'interface')}`,
    ),
  'lab-down': ({ lab, durationMs, left }) =>
    left.length === 0
      ? info(`Lab ${lab} is gone (${formatMs(durationMs)})`)
      : { level: 'warn', text: `Lab ${lab}: left behind: ${left.join(', ')}` },
};

/** What building a lab tells, in a line for people. */
export function labProgressLine(event: LabEvent): LogLine {
  const render = RENDERERS[event.kind] as (event: LabEvent) => LogLine;
  return render(event);
}

export function isOfLab(event: VxmigEvent): event is LabEvent {
  return event.kind in RENDERERS;
}

function info(text: string): LogLine {
  return { level: 'info', text };
}

function debug(text: string): LogLine {
  return { level: 'debug', text };
}
