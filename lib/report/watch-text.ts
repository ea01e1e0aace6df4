import type { Drift, WatchEvent, WatchNews } from '../model/watch-event.js';
import { changeLine } from './changes-text.js';
import { paint, type Style } from './style.js';

/** One line for each event: time, host, what, why. */
export function watchLine(event: WatchEvent, style: Style): string {
  return `${paint(style, 'quiet', event.at)}  ${paint(style, 'heading', event.host)}  ${newsText(event, style)}`;
}

/** The same without time and host. */
export function newsText(event: WatchNews, style: Style): string {
  switch (event.event) {
    case 'watching':
      return (
        `${event.again ? 'back, watched again' : 'watched'}; ${drifts(event.drifts)} (a look takes ` +
        `${event.observationMs} ms)`
      );
    case 'drift':
      return `${paint(style, 'warning', 'drift')}  ${changeLine(inOneLine(event), style)}`;
    case 'gone':
      return `${paint(style, 'good', 'gone')}  ${thing(event)} is as the file says again`;
    case 'repaired':
      return `${paint(style, 'good', 'repaired')}  ${thing(event)}: ${event.why}`;
    case 'repair-failed':
      return `${paint(style, 'bad', 'repair failed')}  ${event.why}`;
    case 'trouble':
      return `${paint(style, 'bad', 'trouble')}  ${event.why}`;
    case 'busy':
      return `busy  ${event.why}; what changes now is judged afterwards`;
    case 'lost':
      return `${paint(style, 'bad', 'lost')}  ${event.why}; trying again from ${event.retryInMs} ms on`;
  }
}

function drifts(count: number): string {
  return count === 0 ? 'as the file says' : `${count} ${count === 1 ? 'drift' : 'drifts'}`;
}

function thing({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind} ${name}`;
}

function inOneLine({ details: _, ...drift }: Drift): Drift {
  return drift;
}
