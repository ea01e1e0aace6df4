import type { Envelope } from '../model/event.js';
import { negotiationText } from '../model/negotiation.js';
import { observedText } from '../model/observed-text.js';
import type { RunEvent } from '../model/run-record.js';
import type { EventBus } from './event-bus.js';

export interface RunJournal {
  /** So far, in the order in which it happened. */
  events(): RunEvent[];
  close(): void;
}

/** Collects what a run's file keeps of its events. */
export function keepJournal(bus: EventBus, run: string): RunJournal {
  const events: RunEvent[] = [];
  const close = bus.subscribe({
    name: `the record of ${run}`,
    run,
    receive: (envelope) => {
      const event = runEventOf(envelope);
      if (event !== null) events.push(event);
    },
  });
  return { events: () => [...events].sort((a, b) => a.atMs - b.atMs), close };
}

/** null: it is nothing that the file keeps. */
function runEventOf({ at, event }: Envelope): RunEvent | null {
  switch (event.kind) {
    case 'stage-started':
      return { atMs: at, host: null, text: `${event.stage}: begins` };
    case 'stage-finished': {
      const end = event.error === null ? 'done' : `failed: ${event.error}`;
      return { atMs: at, host: null, text: `${event.stage}: ${end}` };
    }
    case 'negotiated':
      return { atMs: at, host: event.host, text: `negotiate: ${negotiationText(event)}` };
    case 'warning':
      return { atMs: at, host: null, text: event.text };
    case 'guest-paused':
    case 'guest-resumed':
    case 'table-moved':
    case 'observed':
      return { atMs: event.observedAtMs, host: event.host, text: observedText(event) };
    default:
      return null;
  }
}
