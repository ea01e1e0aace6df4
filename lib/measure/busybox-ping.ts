import type { PingEvent } from './ping-stream.js';

const LINE = /^(\d+\.\d+) (.*)$/;
const REPLY = /^\d+ bytes from .*?: seq=(\d+) .*?time=([\d.]+) ms(.*)$/;
const STATISTICS = /^(\d+) packets transmitted, /;
const SEQUENCES = 0x10000;

/**
 * What the lab's own guest's ping printed (busybox: sequence from 0; each line with the guest's time of printing it), as the events of
 * PingStream, so that measurePing judges both alike.
 *
 * @param toMs turns the guest's clock (Unix time in ms) into the one that the events are to have
 */
export function readBusyboxPing(output: string, toMs: (guestMs: number) => number): PingEvent[] {
  const events: PingEvent[] = [];
  let highest = 0;
  for (const text of output.split('\n')) {
    const [, stamp, line = ''] = LINE.exec(text.trimEnd()) ?? [];
    if (stamp === undefined) continue;
    const atMs = toMs(Number(stamp) * 1000);
    const [, wire, rtt, remark = ''] = REPLY.exec(line) ?? [];
    if (wire !== undefined && rtt !== undefined) {
      // busybox counts from 0, PingEvent from 1. The nearest number to the highest one seen is meant.
      const ahead = (Number(wire) + 1 - highest + 2 * SEQUENCES * Math.ceil(highest / SEQUENCES)) % SEQUENCES;
      const sequence = ahead < SEQUENCES / 2 ? highest + ahead : highest + ahead - SEQUENCES;
      highest = Math.max(highest, sequence);
      events.push({
        kind: 'reply',
        sequence,
        repliedAtMs: atMs,
        rttMs: Number(rtt),
        duplicate: remark.includes('DUP!'),
      });
    }
    const transmitted = Number(STATISTICS.exec(line)?.[1] ?? 0);
    if (transmitted === 0) continue;
    // That the last request left is known from the totals, also where nothing was answered.
    events.push(
      { kind: 'unanswered', sequence: transmitted, sentAtMs: atMs, atMs },
      { kind: 'statistics', transmitted },
    );
  }
  return events;
}
