import type { PingEvent } from './ping-stream.js';

/**
 * An event with its instants by another clock. Both ends of a round trip are put right by themselves: the clock of a
 * guest that was paused between request and reply stood still meanwhile, so what it took for the round trip leaves the
 * pause out.
 *
 * @param toMs turns an instant of the pinging clock into one of the other; it must not run backwards
 */
export function byOtherClock(event: PingEvent, toMs: (atMs: number) => number): PingEvent {
  switch (event.kind) {
    case 'started':
      return { ...event, atMs: toMs(event.atMs) };
    case 'reply': {
      const repliedAtMs = toMs(event.repliedAtMs);
      return { ...event, repliedAtMs, rttMs: repliedAtMs - toMs(event.repliedAtMs - event.rttMs) };
    }
    case 'unanswered':
      return { ...event, sentAtMs: toMs(event.sentAtMs), atMs: toMs(event.atMs) };
    case 'statistics':
      return event;
  }
}
