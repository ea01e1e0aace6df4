import type { Refusal } from './term.js';

/** Why a VM cannot leave as it stands, as whoever has looked at it says. */
interface Standing {
  readonly code: Refusal['code'];
  readonly feature: string;
  readonly why: string;
  readonly fix: string;
}

/** What the source refuses: it knows the VM as it stands. */
export function standingRefusal({ from }: { readonly from: string }, { code, feature, why, fix }: Standing): Refusal {
  return { code, feature, host: from, wanted: 'a VM that can leave', has: why, why, fix };
}
