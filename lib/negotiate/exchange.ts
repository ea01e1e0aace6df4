import type { NegotiationStep, RefusedFeature } from '../model/negotiation.js';
import { configurationOf, type Proposal } from './configuration.js';
import type { Offers } from './offer.js';
import type { Request } from './request.js';
import { type Judgement, judgeTerms, type Refusal } from './term.js';
import { CONFIGURATION_TERMS, REQUEST_TERMS } from './terms.js';

/** What both ends have said so far, and on what they do not agree. */
export interface Exchange {
  readonly steps: readonly NegotiationStep[];
  /** Empty: all that was said was agreed on. */
  readonly refusals: readonly Refusal[];
}

/**
 * The request: what the VM needs is laid before both ends. The source says whether it can leave as it stands, the
 * destination whether it can be there.
 *
 * @param standing what is known to keep the VM where it is: its disks, devices, snapshots
 */
export function answerRequest(request: Request, offers: Offers, standing: readonly Refusal[]): Exchange {
  const { refusals, doubts } = judgeTerms(REQUEST_TERMS, request, offers);
  return answered('request', request, { refusals: [...standing, ...refusals], doubts });
}

/** The configuration: how it is to be done is laid before both ends, once the request was taken. */
export function answerConfiguration(request: Request, offers: Offers, proposal: Proposal): Exchange {
  const judgement = judgeTerms(CONFIGURATION_TERMS, proposal, offers);
  const { steps, refusals } = answered('configuration', request, judgement);
  const configuration = configurationOf(request, offers, proposal);
  return { refusals, steps: steps.map((step) => ({ ...step, configuration })) };
}

/** The source is told to begin: nothing has been touched until then. */
export function begin({ from }: Pick<Request, 'from'>): NegotiationStep {
  return { step: 'begin', host: from, ok: true, why: '', reasons: [] };
}

/** As one line, with the feature's name. */
export function refusalText({ feature, why }: Pick<RefusedFeature, 'feature' | 'why'>): string {
  return `${feature}: ${why}`;
}

function answered(step: NegotiationStep['step'], { from, to }: Request, { refusals, doubts }: Judgement): Exchange {
  const steps = [from, to].map((host): NegotiationStep => {
    const own = refusals.filter((refusal) => refusal.host === host);
    // What may not work, it is the destination's to know.
    const remarks = host === to && own.length === 0 ? doubts : [];
    return {
      step,
      host,
      ok: own.length === 0,
      why: [...own, ...remarks].map(refusalText).join('; '),
      reasons: own.map(({ feature, wanted, has, why, fix }) => ({ feature, wanted, has, why, fix })),
    };
  });
  return { steps, refusals };
}
