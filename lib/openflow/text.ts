import { parseActions, renderActions } from './action-text.js';
import type { Flow } from './flow.js';
import { DEFAULT_PRIORITY } from './learn-text.js';
import { parseMatchTerms, renderMatch } from './match.js';
import { type Naming, tableName } from './naming.js';
import { renderHex } from './value.js';

/** The protocol that every flow is written and read with: in older ones OVS prints the same actions in other words. */
export const OPENFLOW_VERSION = 'OpenFlow15';

/**
 * With this ovs-ofctl gives up by itself, with the status of a SIGALRM. Without ovsdb-server a switch in userspace
 * takes OpenFlow connections and never answers; an answer takes milliseconds.
 */
export const OFCTL_PATIENCE = '--timeout=10';

/** As a shell tells that the patience was over. */
export const OFCTL_TIMED_OUT = 142;

/** What `ovs-ofctl dump-flows` takes so that {@link parseFlows} reads the answer. */
export const DUMP_OPTIONS = [OFCTL_PATIENCE, '-O', OPENFLOW_VERSION, '--no-stats', '--no-names'] as const;

/**
 * One flow as `ovs-ofctl -O OpenFlow15 --no-stats --no-names dump-flows` prints it, which `add-flows` reads too.
 * With `naming` tables and bits get their names: for people only.
 */
export function renderFlow(flow: Flow, naming?: Naming): string {
  const head: string[] = [];
  if (flow.cookie !== 0n) head.push(`cookie=${renderHex(flow.cookie)}`);
  if (flow.table !== 0 || naming !== undefined) head.push(`table=${tableName(flow.table, naming)}`);
  if (flow.idleTimeoutSeconds) head.push(`idle_timeout=${flow.idleTimeoutSeconds}`);
  if (flow.hardTimeoutSeconds) head.push(`hard_timeout=${flow.hardTimeoutSeconds}`);
  const match = renderMatch(flow.match, naming);
  const priority = flow.priority === DEFAULT_PRIORITY ? '' : `priority=${flow.priority}`;
  const what = [priority, match].filter((part) => part !== '').join(',');
  const before = head.map((part) => `${part}, `).join('');
  return `${before}${what === '' ? '' : `${what} `}actions=${renderActions(flow.actions, naming)}`;
}

const STATISTICS = /^(duration|n_packets|n_bytes|idle_age|hard_age|importance)=/;
const FLAGS = new Set(['send_flow_rem', 'check_overlap', 'reset_counts', 'no_packet_counts', 'no_byte_counts']);

/**
 * Reads one line of a dump, with or without statistics (which are left out). Throws RangeError for a value that is
 * none.
 */
export function parseFlow(line: string): Flow {
  const at = line.indexOf('actions=');
  if (at < 0) throw new RangeError(`"${line}" is no flow: it has no actions=`);
  const numbers = new Map<string, string>();
  const terms: string[] = [];
  // Commas inside parentheses do not occur in matches; flags are separated by blanks only.
  for (const term of line
    .slice(0, at)
    .split(/[,\s]+/)
    .filter((part) => part !== '')) {
    const known = /^(cookie|table|priority|idle_timeout|hard_timeout)=(.*)$/.exec(term);
    if (known?.[1] !== undefined && known[2] !== undefined) numbers.set(known[1], known[2]);
    else if (!STATISTICS.test(term) && !FLAGS.has(term)) terms.push(term);
  }
  const idleTimeoutSeconds = Number(numbers.get('idle_timeout') ?? 0);
  const hardTimeoutSeconds = Number(numbers.get('hard_timeout') ?? 0);
  return {
    table: Number(numbers.get('table') ?? 0),
    cookie: BigInt(numbers.get('cookie') ?? 0),
    priority: Number(numbers.get('priority') ?? DEFAULT_PRIORITY),
    ...(idleTimeoutSeconds === 0 ? {} : { idleTimeoutSeconds }),
    ...(hardTimeoutSeconds === 0 ? {} : { hardTimeoutSeconds }),
    match: parseMatchTerms(terms),
    actions: parseActions(line.slice(at + 'actions='.length).trim()),
  };
}

/** Reads the whole answer of `dump-flows`; header lines (`OFPST_FLOW reply …`) are passed over. */
export function parseFlows(dump: string): Flow[] {
  return dump
    .split('\n')
    .filter((line) => line.includes('actions='))
    .map(parseFlow);
}

/** The same of a dump with statistics: each flow with the packets that it took so far. */
export function parseCountedFlows(dump: string): { readonly flow: Flow; readonly packets: number }[] {
  return dump
    .split('\n')
    .filter((line) => line.includes('actions='))
    .map((line) => ({ flow: parseFlow(line), packets: Number(/\bn_packets=(\d+)/.exec(line)?.[1] ?? 0) }));
}
