import type { Action } from './action.js';
import { parseActions } from './action-text.js';
import { type FieldName, maskOf } from './field.js';
import { renderValue } from './value.js';

/** What `ovs-appctl ofproto/trace` says that a switch does with a frame. */
export interface Trace {
  /** By what it leaves the bridge that was asked, in order. */
  readonly outputs: readonly TracedOutput[];
  /** Actions of which the trace does not tell the ports: NORMAL, FLOOD, ALL, CONTROLLER … */
  readonly unclear: readonly string[];
  /** What the switch objects to: an output to the port that it came from, a port that is not there … */
  readonly complaints: readonly string[];
  /** A tunnel's next hop is not known yet: the first frame asks for it and is lost. */
  readonly unresolved: boolean;
  /** The last flow of the bridge that it met: `70. reg0=0x3/0x7, priority 200, cookie 0x7678000100000000`. */
  readonly lastFlow: string | null;
  /** What the datapath would do; `drop` where nothing leaves. */
  readonly datapathActions: string;
}

export interface TracedOutput {
  /** {@link LOCAL_PORT} for the bridge's own. */
  readonly ofport: number;
  /**
   * The tunnel's far end that was written into it before that; null: none was. A port with a far end of its own does
   * not care.
   */
  readonly remote: string | null;
}

/** A frame that goes there fixes it, but is lost itself. */
const UNRESOLVED = 'the next hop of the tunnel is not known yet';

/** OFPP_LOCAL: the bridge's own port. */
export const LOCAL_PORT = 65534;
const BRIDGE = /^( *)bridge\("/;
const FLOW = /^ *(\d+\. .*)$/;
const OUTPUT = /^ *output:(\d+)$/;
const OUTPUT_BY_REGISTER = /^ *-> output port is (\d+)$/;
/** A learned flow writes an IPv6 address in two halves, which are on one line. */
const AIM = /^ *(?:load|set_field):\S+->(?:NXM_NX_TUN_IPV[46]_DST\[[0-9.]*\]|tun_(?:ipv6_)?dst)$/;
const UNCLEAR = /^ *(NORMAL|FLOOD|ALL|TABLE|CONTROLLER(?::\d+)?|group:\d+)$/;
const COMPLAINT = /^ *>> (.*)$/;

/**
 * Reads a trace made with port numbers (`--no-names`, or as daemons print it). Where a frame goes on to another bridge,
 * as a tunnel in the userspace datapath does, that bridge's part is passed over. Null for what is no trace, such as an
 * error message.
 */
export function parseTrace(text: string): Trace | null {
  const datapathActions = /^Datapath actions: (.*)$/m.exec(text)?.[1];
  const inPort = /^Flow: (?:.*,)?in_port=(\w+)/m.exec(text)?.[1];
  if (datapathActions === undefined) return null;
  const outputs: TracedOutput[] = [];
  const unclear: string[] = [];
  const complaints: string[] = [];
  let lastFlow: string | null = null;
  let aim: Aim | null = null;
  for (const line of ofFirstBridge(text)) {
    const port = OUTPUT.exec(line)?.[1] ?? OUTPUT_BY_REGISTER.exec(line)?.[1];
    const remote: string | null = aim === null ? null : renderValue(aim.field, aim.value);
    const objection = COMPLAINT.exec(line)?.[1];
    if (port !== undefined) outputs.push({ ofport: Number(port), remote });
    else if (/^ *LOCAL$/.test(line)) outputs.push({ ofport: LOCAL_PORT, remote });
    else if (/^ *IN_PORT$/.test(line)) outputs.push({ ofport: portNumber(inPort), remote });
    else if (AIM.test(line)) aim = parseActions(line.trim()).reduce(aimAfter, aim);
    else if (objection !== undefined && !/^suppressing side effects/.test(objection)) {
      complaints.push(objection);
      // It is said of the output before it, which then is none.
      if (/output/i.test(objection)) outputs.pop();
    }
    const word = UNCLEAR.exec(line)?.[1];
    if (word !== undefined) unclear.push(word);
    lastFlow = FLOW.exec(line)?.[1] ?? lastFlow;
  }
  return {
    outputs,
    unclear,
    complaints,
    unresolved: /neighbor cache miss/.test(text),
    lastFlow,
    datapathActions,
  };
}

/** What keeps a frame from leaving by just the ports of its trace, in words; null: nothing does. */
export function troubleOf(trace: Trace): string | null {
  const by = trace.lastFlow === null ? '' : ` by the flow ${trace.lastFlow}`;
  const [complaint] = trace.complaints;
  if (trace.unclear.length > 0) return `it is given to ${trace.unclear.join(', ')}${by}`;
  if (trace.outputs.length === 0) return complaint === undefined ? `it is dropped${by}` : `${complaint}${by}`;
  if (trace.unresolved) return UNRESOLVED;
  return trace.datapathActions === 'drop' ? `it does not leave${by}` : null;
}

interface Aim {
  readonly field: FieldName;
  readonly value: bigint;
}

function aimAfter(before: Aim | null, action: Action): Aim | null {
  if (action.kind !== 'set') return before;
  const { field, from } = action.target;
  const others = before?.field === field ? before.value & ~maskOf(action.target) : 0n;
  return { field, value: others | (action.value << BigInt(from)) };
}

function portNumber(text: string | undefined): number {
  return text === 'LOCAL' ? LOCAL_PORT : Number(text);
}

/**
 * The lines of the bridge that was asked. Another bridge's part begins with its name and is indented like the action
 * that led there; it ends where that indentation is left again, or at the end where nothing follows.
 */
function ofFirstBridge(text: string): string[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => BRIDGE.test(line));
  const end = lines.findIndex((line) => line.startsWith('Final flow:'));
  const own: string[] = [];
  let elsewhere: number | null = null;
  for (const line of lines.slice(start + 1, end < 0 ? lines.length : end)) {
    const indentation = line.length - line.trimStart().length;
    const entered = BRIDGE.exec(line)?.[1]?.length;
    if (entered !== undefined && entered <= (elsewhere ?? entered)) elsewhere = entered;
    else if (elsewhere !== null && elsewhere > 0 && leaves(line, indentation, elsewhere)) elsewhere = null;
    if (elsewhere === null) own.push(line);
  }
  return own;
}

/**
 * A bridge's name is underlined at its own indentation. What goes on after it is an action there, or a remark one blank
 * deeper.
 */
function leaves(line: string, indentation: number, elsewhere: number): boolean {
  return line.trim() !== '' && !/^ *-+$/.test(line) && indentation <= elsewhere + 1;
}
