import { doctor } from '../../controller/doctor.js';
import { VxmigError } from '../../model/errors.js';
import { formatCount } from '../../model/quantities.js';
import { checksText } from '../../report/checks-text.js';
import type { CommandContext } from '../context.js';
import { reachableTopology } from './topology-file.js';

/** @throws VxmigError CHECKS_FAILED after the result */
export async function doctorCommand({ output, emit, signal }: CommandContext, file: string): Promise<number> {
  const checks = await doctor(await reachableTopology(file), { emit, signal });
  const failed = checks.filter((check) => !check.ok);
  output.result({ ok: failed.length === 0, checks }, checksText(checks, output.style));
  if (failed.length === 0) return 0;
  throw new VxmigError('CHECKS_FAILED', `${formatCount(failed.length, 'check')} failed`, {
    where: file,
    hint: 'Every failed check above says how to mend it.',
  });
}
