import { messageOf, VxmigError } from '../model/errors.js';

/**
 * All hosts at once; a failure of one does not stop the others half-way through theirs.
 * @param fix what to do where several have failed; left out: as of every APPLY_FAILED
 * @throws VxmigError naming each that failed
 */
export async function everySession<Session extends { readonly name: string }>(
  sessions: readonly Session[],
  work: (session: Session) => Promise<void>,
  fix?: string,
): Promise<void> {
  const results = await Promise.allSettled(sessions.map((session) => work(session)));
  const failures = results.flatMap((result, index) =>
    result.status === 'rejected' ? [{ host: sessions[index]?.name ?? '', error: result.reason as unknown }] : [],
  );
  const [first] = failures;
  if (first === undefined) return;
  if (failures.length === 1 && first.error instanceof VxmigError) throw first.error;
  throw new VxmigError('APPLY_FAILED', failures.map(({ host, error }) => `${host}: ${messageOf(error)}`).join('; '), {
    where: failures.map(({ host }) => host).join(', '),
    cause: first.error,
    ...(fix === undefined ? {} : { hint: fix }),
  });
}
