import type { PingEvent } from './ping-stream.js';

const REPLY = /^\d+ bytes from .*?: seq=(\d+) .*?time=([\d.]+) ms(.*)$/;
const STATISTICS = /^(\d+) packets transmitted, (\d+) packets received(?:, (\d+) duplicates)?/;
const SEQUENCES = 0x10000;

export interface BusyboxPingRun {
  /** When the ping was started and stopped, in Unix milliseconds by the clock that the events are to have. */
  readonly startedAtMs: number;
  readonly stoppedAtMs: number;
}

/**
 * What a small guest's own ping printed (busybox: no time stamps, sequence from 0), as the events of PingStream, so that measurePing judges
 * both alike. Which requests were lost and how long replies took is exact. *When* they left is an estimate: evenly between start and stop,
 * off by about the guest's downtime, during which its clock stands still.
 */
export function readBusyboxPing(output: string, run: BusyboxPingRun): PingEvent[] {
  const replies: { sequence: number; rttMs: number; duplicate: boolean }[] = [];
  let statistics: Extract<PingEvent, { kind: 'statistics' }> | null = null;
  let highest = 0;
  for (const line of output.split('\n')) {
    const [, wire, rtt, remark = ''] = REPLY.exec(line.trimEnd()) ?? [];
    if (wire !== undefined && rtt !== undefined) {
      // busybox counts from 0, iputils from 1. The nearest number to the highest one seen is meant.
      const ahead = (Number(wire) + 1 - highest + 2 * SEQUENCES * Math.ceil(highest / SEQUENCES)) % SEQUENCES;
      const sequence = ahead < SEQUENCES / 2 ? highest + ahead : highest + ahead - SEQUENCES;
      highest = Math.max(highest, sequence);
      replies.push({ sequence, rttMs: Number(rtt), duplicate: remark.includes('DUP!') });
    }
    const totals = STATISTICS.exec(line);
    if (totals) {
      const [, transmitted, received, duplicates = '0'] = totals;
      statistics = {
        kind: 'statistics',
        transmitted: Number(transmitted),
        received: Number(received),
        duplicates: Number(duplicates),
      };
    }
  }
  const count = statistics?.transmitted ?? highest;
  const stepMs = (run.stoppedAtMs - run.startedAtMs) / Math.max(1, count);
  const sentAtMs = (sequence: number) => run.startedAtMs + (sequence - 1) * stepMs;
  const events: PingEvent[] = replies.map(({ sequence, rttMs, duplicate }) => ({
    kind: 'reply',
    sequence,
    repliedAtMs: sentAtMs(sequence) + rttMs,
    rttMs,
    duplicate,
  }));
  // That the last request left is known from the totals, also where nothing was answered.
  if (count > 0) events.push({ kind: 'unanswered', sequence: count - 1, atMs: sentAtMs(count) });
  return statistics ? [...events, statistics] : events;
}
