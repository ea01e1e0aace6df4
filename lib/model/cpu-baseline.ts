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
