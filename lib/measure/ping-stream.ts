import type { PingSample } from '../model/probe-series.js';

/**
 * What is known of a run of pings. Sequences count from 1; instants are Unix time in milliseconds by the pinging host's
 * clock.
 */
export type PingEvent =
  /** The first request leaves right after this. */
  | { readonly kind: 'started'; readonly atMs: number }
  | ({ readonly kind: 'reply' } & PingSample)
  /** Left at `sentAtMs`, or somewhat earlier, and had no reply until `atMs`. */
  | { readonly kind: 'unanswered'; readonly sequence: number; readonly sentAtMs: number; readonly atMs: number }
  /** How many requests left in all; it comes when ping ends. */
  | { readonly kind: 'statistics'; readonly transmitted: number };

export interface PingCommand {
  readonly address: string;
  readonly intervalMs: number;
  /** The interface to send from; left out: the routing table decides. */
  readonly device?: string;
}

/**
 * How long fping waits for each reply; later ones it drops unseen, so this is as long as it can be (fping forgets a
 * request after 10 s): a reply that waited through a long pause of the VM is late, not lost.
 */
export const REPLY_TIMEOUT_MS = 9500;

/**
 * The command whose output PingStream reads: fping 5, IPv4 and IPv6. It runs until SIGINT, on which it tells how many
 * requests left. Intervals below 10 ms need root.
 *
 * Not ping of iputils: that one busy-waits through the last 10 ms before each request, or sends every 17 ms where it
 * was told 10.
 */
export function pingArgv({ address, intervalMs, device }: PingCommand): string[] {
  const { interval, spacing, timeout } = fpingPace(intervalMs);
  const period = ['-p', interval, '-i', spacing, '-t', timeout];
  const bound = device === undefined ? [] : ['-I', device];
  // When nothing is ever answered, fping prints no time at all: bash says when it began. LC_ALL: else with a comma in
  // some languages.
  const script = 'LC_ALL=C; echo "[$EPOCHREALTIME] started"; exec fping "$@"';
  return ['bash', '-c', script, 'bash', '-l', '-D', '-s', ...period, ...bound, address];
}

/** What fping is told of time, in milliseconds as its options take them; the lab's guest passes them on to its own. */
export function fpingPace(intervalMs: number): { interval: string; spacing: string; timeout: string } {
  // The least time between two requests, which matters after fping itself was held up: it then catches up.
  const spacingMs = Math.min(1, intervalMs / 10);
  return { interval: decimal(intervalMs), spacing: decimal(spacingMs), timeout: String(REPLY_TIMEOUT_MS) };
}

function decimal(milliseconds: number): string {
  return String(Number(milliseconds.toFixed(3)));
}

const STAMP = String.raw`^\[(\d+\.\d+)\] `;
const STARTED = new RegExp(`${STAMP}started$`);
const REPLY = new RegExp(`${STAMP}\\S+ +: \\[(\\d+)\\], \\d+ bytes, (-?[\\d.e+-]+) ms \\(.*\\)$`);
const TIMED_OUT = new RegExp(`${STAMP}\\S+ +: \\[(\\d+)\\], timed out \\(.*\\)$`);
// Not `xmt/rcv` of the address's own line: there xmt leaves out what is still on its way, and counts duplicates.
const SENT = /^ *(\d+) ICMP Echos sent$/;

/**
 * Reads `fping -l -D -s` as it comes, in chunks cut anywhere: replies are on stdout, the totals on stderr. Two streams
 * are to be pushed in whole lines. What says nothing about a single request (ICMP errors, times in all) yields nothing.
 *
 * The time of a reply is the kernel's, of its arrival (SO_TIMESTAMPNS), in steps of 10 µs.
 */
export class PingStream {
  #rest = '';
  readonly #answered = new Set<number>();

  push(chunk: string): PingEvent[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    return this.#read(lines);
  }

  /** What the last line says if fping died before it ended it. A line that is cut in the middle is dropped. */
  end(): PingEvent[] {
    const last = this.#rest;
    this.#rest = '';
    return this.#read([last]);
  }

  #read(lines: readonly string[]): PingEvent[] {
    return lines.flatMap((line) => this.#event(line.trimEnd()) ?? []);
  }

  #event(line: string): PingEvent | null {
    const [, repliedAt, index, rtt] = REPLY.exec(line) ?? [];
    if (index !== undefined) {
      const sequence = Number(index) + 1;
      // With -l fping prints a duplicate like the first reply.
      const duplicate = this.#answered.has(sequence);
      this.#answered.add(sequence);
      return { kind: 'reply', sequence, repliedAtMs: Number(repliedAt) * 1000, rttMs: Number(rtt), duplicate };
    }
    const [, timedOutAt, lost] = TIMED_OUT.exec(line) ?? [];
    if (lost !== undefined) {
      const atMs = Number(timedOutAt) * 1000;
      return { kind: 'unanswered', sequence: Number(lost) + 1, sentAtMs: atMs - REPLY_TIMEOUT_MS, atMs };
    }
    const [, transmitted] = SENT.exec(line) ?? [];
    if (transmitted !== undefined) return { kind: 'statistics', transmitted: Number(transmitted) };
    const [, startedAt] = STARTED.exec(line) ?? [];
    return startedAt === undefined ? null : { kind: 'started', atMs: Number(startedAt) * 1000 };
  }
}
