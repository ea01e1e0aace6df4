import { messageOf, VxmigError } from '../model/errors.js';

/**
 * Like Promise.all, but never leaves one of them running: whoever cleans up after a failure must find nobody building.
 * @throws the one failure; several as one VxmigError LAB with all messages
 */
export async function allDone<Result>(works: readonly Promise<Result>[]): Promise<Result[]> {
  const settled = await Promise.allSettled(works);
  const failures = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new VxmigError('LAB', failures.map(messageOf).join('\n'), { cause: failures[0] });
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
