import type { Action } from './action.js';
import { type Match, parseMatchTerms } from './match.js';
import { OPENFLOW_VERSION, parseFlow } from './text.js';

/**
 * What `ovs-ofctl` is started with, before `monitor BRIDGE [MISS_LENGTH] watch:…`. It prints what is there at the start
 * to stdout, and everything after that to stderr: join them with `2>&1`. A MISS_LENGTH (`128`) asks for packet-ins too.
 */
export const MONITOR_OPTIONS = ['-O', OPENFLOW_VERSION, '--no-names', '--timestamp'] as const;

/**
 * One report of `ovs-ofctl --timestamp monitor BRIDGE [MISS_LENGTH] watch:…`. `atMs` is the host's clock (epoch, UTC,
 * whole milliseconds) when ovs-ofctl got the report; null for what was there before the watch began.
 *
 * A flow that learn() adds or changes from a packet of the datapath is reported when the switch's main loop next
 * flushes its reports: up to 500 ms late on an idle switch (see nudge.ts). A packet-in (`controller` action) is not
 * held back: it comes within a millisecond.
 */
export type MonitorReport = FlowReport | PacketReport | MonitorGap;

export interface FlowReport {
  readonly kind: 'flow';
  readonly event: 'INITIAL' | 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly atMs: number | null;
  readonly table: number;
  readonly cookie: bigint;
  readonly match: Match;
  /** Empty for DELETED under some versions. The priority is not reported. */
  readonly actions: readonly Action[];
}

export interface PacketReport {
  readonly kind: 'packet-in';
  readonly atMs: number | null;
  readonly table: number;
  readonly cookie: bigint;
  readonly inPort: number | null;
  /** The packet's own fields: `rarp`, `dl_src` … */
  readonly packet: Match;
}

/** The switch dropped out of reporting (`paused`) because the reader was slow; reports are missing until `resumed`. */
export interface MonitorGap {
  readonly kind: 'paused' | 'resumed';
  readonly atMs: number | null;
}

const STAMP = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d+): /;
const EVENT = /^event=(INITIAL|ADDED|MODIFIED|DELETED)(?: reason=\S+)? (.*)$/;

/** Turns the stream into reports, whatever the chunks. Lines that are neither are passed over. */
export class FlowMonitorParser {
  #rest = '';
  #atMs: number | null = null;
  /** A packet-in's first line, until the second one with the packet's fields is there. */
  #packetHead: string | null = null;

  push(chunk: string): MonitorReport[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): MonitorReport | undefined {
    const head = this.#packetHead;
    this.#packetHead = null;
    if (head !== null) return packetReport(head, line, this.#atMs);
    const event = EVENT.exec(line.trim());
    if (event !== null) return flowReport(event, this.#atMs);
    const stamp = STAMP.exec(line);
    this.#atMs = stamp === null ? null : Date.parse(`${stamp[1]}T${stamp[2]}Z`);
    if (/PACKET_IN/.test(line)) this.#packetHead = line;
    const gap = /FLOW_MONITOR_(PAUSED|RESUMED)/.exec(line)?.[1];
    if (gap !== undefined) return { kind: gap === 'PAUSED' ? 'paused' : 'resumed', atMs: this.#atMs };
    return undefined;
  }
}

function flowReport(found: RegExpExecArray, atMs: number | null): FlowReport {
  const text = found[2] ?? '';
  // A flow that drops is reported without any actions=.
  const flow = parseFlow(/(^| )actions=/.test(text) ? text : `${text} actions=drop`);
  return {
    kind: 'flow',
    event: found[1] as FlowReport['event'],
    atMs,
    table: flow.table,
    cookie: flow.cookie,
    match: flow.match,
    actions: flow.actions,
  };
}

function packetReport(head: string, fields: string, atMs: number | null): PacketReport {
  const number = (name: string) => new RegExp(`\\b${name}=(\\w+)`).exec(head)?.[1];
  const inPort = number('in_port');
  return {
    kind: 'packet-in',
    atMs,
    table: Number(number('table_id') ?? 0),
    cookie: BigInt(number('cookie') ?? 0),
    inPort: inPort !== undefined && /^\d+$/.test(inPort) ? Number(inPort) : null,
    packet: parseMatchTerms(fields.split(/[,\s]+/).filter((term) => term !== '')),
  };
}
