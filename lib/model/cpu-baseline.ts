import type { Vm } from './topology.js';

/** What `cpu:` says in place of a model. */
export const BASELINE = 'baseline';

/** A CPU that every host of some can give, and what that costs. */
export interface CpuBaseline {
  readonly hosts: readonly string[];
  /** Their CPUs are not the same: a VM with one host's own cannot go to each of the others. */
  readonly differ: boolean;
  /** For a domain's definition. */
  readonly cpu: string;
  /** By host: what it has, as far as the names say, and the baseline has not. */
  readonly given: readonly { readonly host: string; readonly model: string; readonly features: readonly string[] }[];
}

/** The CPU that all hosts of a topology can give, as an element of a definition; or why there is none to be had. */
export type CommonCpu =
  | { readonly kind: 'known'; readonly cpu: string }
  | { readonly kind: 'unknown'; readonly why: string; readonly fix: string };

/** Of a VM that vxmig makes: it is to have the CPU that all hosts can give. */
export function wantsBaseline({ source }: Pick<Vm, 'source'>): boolean {
  return source.kind === 'image' && source.machine.cpu === BASELINE;
}
