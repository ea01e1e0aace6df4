import { bits, type Subfield, widthOf } from './field.js';
import { fitting } from './match.js';
import { PORT } from './value.js';

/** What a flow does to a packet, in order; an empty list drops it. */
export type Action =
  /** A port number, or one of {@link PORT}: `output:3`, `IN_PORT`, `NORMAL`. */
  | { readonly kind: 'output'; readonly port: number }
  /** To the port whose number stands in these bits. */
  | { readonly kind: 'output-bits'; readonly source: Subfield }
  | { readonly kind: 'goto-table'; readonly table: number }
  /** Null stands for the packet's own in_port, or the flow's own table. */
  | { readonly kind: 'resubmit'; readonly port: number | null; readonly table: number | null }
  | { readonly kind: 'set'; readonly target: Subfield; readonly value: bigint }
  | { readonly kind: 'move'; readonly source: Subfield; readonly target: Subfield }
  | { readonly kind: 'controller'; readonly maxLength: number }
  /** Does nothing: a remark inside the flow. OVS pads it with zeros to 6, 14, 22 … bytes. */
  | { readonly kind: 'note'; readonly bytes: readonly number[] }
  | Learn
  /** An action of other people's flows that we do not speak, as printed. */
  | { readonly kind: 'other'; readonly text: string };

/** ovs-actions(7), "The learn action": adds or changes a flow from the packet at hand. */
export interface Learn {
  readonly kind: 'learn';
  readonly table: number;
  readonly priority: number;
  readonly cookie: bigint;
  /** 0: does not expire. */
  readonly idleTimeoutSeconds: number;
  readonly hardTimeoutSeconds: number;
  /** The flows that were learned go when this flow goes. */
  readonly deleteLearned: boolean;
  readonly specs: readonly LearnSpec[];
}

export type LearnSpec =
  /**
   * The learned flow matches `target` against what `source` holds in the packet: `NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]`.
   */
  | { readonly kind: 'match'; readonly target: Subfield; readonly source: Subfield | bigint }
  /** The learned flow loads it: `load:NXM_OF_IN_PORT[]->NXM_NX_REG1[0..15]`. */
  | { readonly kind: 'load'; readonly target: Subfield; readonly source: Subfield | bigint }
  /** The learned flow outputs to the port that these bits hold in the packet. */
  | { readonly kind: 'output'; readonly source: Subfield };

export function output(port: number): Action {
  return { kind: 'output', port };
}

/** Back out of the port that the packet came in by; a plain `output` to it would be dropped. */
export const outputInPort: Action = { kind: 'output', port: PORT.IN_PORT };
export const normal: Action = { kind: 'output', port: PORT.NORMAL };

export function outputBits(source: Subfield): Action {
  return { kind: 'output-bits', source };
}

export function gotoTable(table: number): Action {
  return { kind: 'goto-table', table };
}

/** Looks the packet up again, and comes back. Throws Error where neither a table nor a port is given. */
export function resubmit(to: { readonly table?: number; readonly port?: number }): Action {
  if (to.table === undefined && to.port === undefined) throw new Error('resubmit needs a table or a port');
  return { kind: 'resubmit', port: to.port ?? null, table: to.table ?? null };
}

/** Writes a number into some bits. Throws RangeError where it does not fit. */
export function set(target: Subfield, value: number | bigint): Action {
  return { kind: 'set', target, value: fitting(target, BigInt(value)) };
}

export function move(source: Subfield, target: Subfield): Action {
  return { kind: 'move', ...sameWidth(source, target) };
}

export function controller(maxLength: number): Action {
  return { kind: 'controller', maxLength };
}

export function note(...bytes: readonly number[]): Action {
  const padding = (8 - ((bytes.length + 2) % 8)) % 8;
  return { kind: 'note', bytes: [...bytes, ...Array<number>(padding).fill(0)] };
}

export interface LearnOptions {
  readonly table: number;
  readonly priority: number;
  readonly cookie?: bigint;
  readonly idleTimeoutSeconds?: number;
  readonly hardTimeoutSeconds?: number;
  readonly deleteLearned?: boolean;
}

export function learn(options: LearnOptions, ...specs: readonly LearnSpec[]): Learn {
  const {
    table,
    priority,
    cookie = 0n,
    idleTimeoutSeconds = 0,
    hardTimeoutSeconds = 0,
    deleteLearned = false,
  } = options;
  return { kind: 'learn', table, priority, cookie, idleTimeoutSeconds, hardTimeoutSeconds, deleteLearned, specs };
}

/** The learned flow matches `target` against a field of the packet at hand, or against a number. */
export function learnMatch(target: Subfield, source: Subfield | number | bigint): LearnSpec {
  return { kind: 'match', target, source: learnSource(target, source) };
}

export function learnLoad(target: Subfield, source: Subfield | number | bigint): LearnSpec {
  return { kind: 'load', target, source: learnSource(target, source) };
}

export function learnOutput(source: Subfield): LearnSpec {
  return { kind: 'output', source };
}

/** The packet's in_port as NXM has it, for learning: 16 bits. */
export const IN_PORT_BITS: Subfield = bits('in_port', 0, 15);

function learnSource(target: Subfield, source: Subfield | number | bigint): Subfield | bigint {
  return typeof source === 'object' ? sameWidth(source, target).source : fitting(target, BigInt(source));
}

function sameWidth(source: Subfield, target: Subfield): { source: Subfield; target: Subfield } {
  if (widthOf(source) !== widthOf(target)) {
    throw new RangeError(`${source.field} gives ${widthOf(source)} bits, ${target.field} takes ${widthOf(target)}`);
  }
  return { source, target };
}
