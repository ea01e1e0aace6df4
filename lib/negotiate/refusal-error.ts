import { type ErrorCode, VxmigError } from '../model/errors.js';
import { refusalText } from './exchange.js';
import type { RequestedMove } from './request.js';
import type { Refusal } from './term.js';

/** One error for all that two ends do not agree on; what is in the way of data comes first. */
export function refusalError({ vm, from, to }: RequestedMove, refusals: readonly Refusal[]): VxmigError {
  const sorted = [...refusals].sort(
    (a, b) => Number(b.code === 'DISK_NOT_SHARED') - Number(a.code === 'DISK_NOT_SHARED'),
  );
  const code: ErrorCode = sorted[0]?.code ?? 'HOST_UNFIT';
  const fixes = [...new Set(sorted.map(({ fix }) => fix))];
  return new VxmigError(code, `${vm} cannot move to ${to}: ${sorted.map(refusalText).join('; ')}`, {
    where: `${from} ${vm}`,
    hint: `Nothing has moved. ${fixes.join(' ')}`,
  });
}
