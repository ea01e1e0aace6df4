import type { PingSample } from '../model/probe-series.js';

/** What one line of ping's output says. Instants are Unix time in milliseconds by the pinging host's clock. */
export type PingEvent =
  | ({ readonly kind: 'reply' } & PingSample)
  /** `-O`: printed at the moment the next request leaves while this one is still unanswered. */
  | { readonly kind: 'unanswered'; readonly sequence: number; readonly atMs: number }
  | { readonly kind: 'error'; readonly sequence: number; readonly atMs: number; readonly reason: string }
  | {
      readonly kind: 'statistics';
      readonly transmitted: number;
      readonly received: number;
      readonly duplicates: number;
    };

export interface PingCommand {
  readonly address: string;
  readonly intervalMs: number;
  /** The interface to send from; left out: the routing table decides. */
  readonly device?: string;
}

/**
 * The command line whose output PingStream reads (iputils ping, IPv4 and IPv6). It runs until SIGINT, on which ping prints its
 * statistics. Intervals below 2 ms need root.
 */
export function pingArgv(command: PingCommand): string[] {
  const device = command.device === undefined ? [] : ['-I', command.device];
  const seconds = String(Number((command.intervalMs / 1000).toFixed(6)));
  // LC_ALL: a translated ping prints other words and decimal commas. -l 2: ping sleeps in ticks of the kernel's clock, so that with a
  // 10 ms interval 12 to 20 ms pass between requests; allowed two on their way at once it catches up, and 10 ms holds on average.
  return ['env', 'LC_ALL=C', 'ping', '-n', '-D', '-O', '-l', '2', '-i', seconds, ...device, command.address];
}

const STAMP = String.raw`^\[(\d+\.\d+)\] `;
const REPLY = new RegExp(`${STAMP}\\d+ bytes from .*?: icmp_seq=(\\d+) .*?time=([\\d.]+) ms(.*)$`);
const UNANSWERED = new RegExp(`${STAMP}no answer yet for icmp_seq=(\\d+)`);
const ERROR = new RegExp(`${STAMP}From .*? icmp_seq=(\\d+) (.*)$`);
const STATISTICS = /^(\d+) packets transmitted, (\d+) received(?:, \+(\d+) duplicates)?/;

const SEQUENCES = 0x10000;

/** Reads `ping -D -O` as it comes, in chunks cut anywhere. Lines that say nothing about a request (header, totals of times) yield nothing. */
export class PingStream {
  #rest = '';
  #highest = 0;

  push(chunk: string): PingEvent[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    return this.#read(lines);
  }

  /** What the last line says if ping died before it ended it. A line that is cut in the middle is dropped. */
  end(): PingEvent[] {
    const last = this.#rest;
    this.#rest = '';
    // A cut number would read as a smaller one: only whole statements count.
    return /( ms|DUP!\)|loss.*)$/.test(last) ? this.#read([last]) : [];
  }

  #read(lines: readonly string[]): PingEvent[] {
    return lines.flatMap((line) => this.#event(line.trimEnd()) ?? []);
  }

  #event(line: string): PingEvent | null {
    const reply = REPLY.exec(line);
    if (reply) {
      const [, stamp, sequence, rtt, remark = ''] = reply;
      // Corrupted, or another machine answered: not the reply that was asked for.
      if (/BAD CHECKSUM|DIFFERENT ADDRESS|truncated/.test(remark)) return null;
      return {
        kind: 'reply',
        sequence: this.#unwrap(Number(sequence)),
        repliedAtMs: Number(stamp) * 1000,
        rttMs: Number(rtt),
        duplicate: remark.includes('DUP!'),
      };
    }
    const unanswered = UNANSWERED.exec(line);
    if (unanswered) {
      const [, stamp, sequence] = unanswered;
      return { kind: 'unanswered', sequence: this.#unwrap(Number(sequence)), atMs: Number(stamp) * 1000 };
    }
    const error = ERROR.exec(line);
    if (error) {
      const [, stamp, sequence, reason = ''] = error;
      return { kind: 'error', sequence: this.#unwrap(Number(sequence)), atMs: Number(stamp) * 1000, reason };
    }
    const statistics = STATISTICS.exec(line);
    if (statistics) {
      const [, transmitted, received, duplicates = '0'] = statistics;
      return {
        kind: 'statistics',
        transmitted: Number(transmitted),
        received: Number(received),
        duplicates: Number(duplicates),
      };
    }
    return null;
  }

  /** ICMP carries 16 bits of the sequence; the nearest number to the highest one seen is meant. */
  #unwrap(wire: number): number {
    const ahead = (((wire - this.#highest) % SEQUENCES) + SEQUENCES) % SEQUENCES;
    const sequence = ahead < SEQUENCES / 2 ? this.#highest + ahead : this.#highest + ahead - SEQUENCES;
    this.#highest = Math.max(this.#highest, sequence);
    return sequence;
  }
}
