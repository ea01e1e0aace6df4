import type { RefusedFeature } from '../model/negotiation.js';
import type { Offers } from './offer.js';
import type { Request } from './request.js';

/** Why two ends do not agree, of one feature. */
export interface Refusal extends RefusedFeature {
  readonly code: 'DISK_NOT_SHARED' | 'HOST_UNFIT';
  /** Who refuses. */
  readonly host: string;
}

/** What may not work, but is known to have worked; or could not be found out. Told, and no more. */
export interface Doubt {
  readonly feature: string;
  readonly why: string;
}

/** One of the things that both ends have to agree on. */
export interface Term<Asked = Request> {
  readonly feature: string;
  /** What has to hold, for the docs. */
  readonly rule: string;
  /** Pure. What is not known is no refusal: the hypervisor looks itself, and the VM stays where it is. */
  readonly judge: (asked: Asked, offers: Offers) => readonly Found[];
}

export type Found = Omit<Refusal, 'feature' | 'code'> | Omit<Doubt, 'feature'>;

function isRefusal(found: Found): found is Omit<Refusal, 'feature' | 'code'> {
  return 'fix' in found;
}

export interface Judgement {
  readonly refusals: readonly Refusal[];
  readonly doubts: readonly Doubt[];
}

/** All terms are looked at, so that all that has to be fixed is told at once. */
export function judgeTerms<Asked>(terms: readonly Term<Asked>[], asked: Asked, offers: Offers): Judgement {
  const found = terms.flatMap(({ feature, judge }) => judge(asked, offers).map((one) => ({ feature, one })));
  return {
    refusals: found.flatMap(({ feature, one }) =>
      isRefusal(one) ? [{ ...one, feature, code: 'HOST_UNFIT' as const }] : [],
    ),
    doubts: found.flatMap(({ feature, one }) => (isRefusal(one) ? [] : [{ feature, why: one.why }])),
  };
}
