import { VxmigError } from '../model/errors.js';
import type { NegotiationStep } from '../model/negotiation.js';
import type { StagesOutcome } from './outcome.js';

/**
 * Where the hypervisors did not make the copy to which both ends had agreed, what one of them had its doubts about is
 * told with the failure: it may be why.
 */
export function namingDoubts(steps: readonly NegotiationStep[], outcome: StagesOutcome): StagesOutcome {
  const { error, stages } = outcome;
  const doubts = steps.flatMap(({ ok, host, why }) => (ok && why !== '' ? [`${host} had its doubts: ${why}.`] : []));
  const hasBegun = stages.some(({ stage }) => stage === 'copy');
  if (error?.code !== 'MIGRATION_ROLLED_BACK' || !hasBegun || doubts.length === 0) return outcome;
  const where = error.where === undefined ? {} : { where: error.where };
  const hint = [error.hint, ...doubts].join(' ');
  return { ...outcome, error: new VxmigError(error.code, error.message, { hint, cause: error, ...where }) };
}
