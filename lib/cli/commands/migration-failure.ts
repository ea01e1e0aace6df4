import { ERRORS, type ErrorCode, VxmigError } from '../../model/errors.js';
import type { MigrationResult } from '../../model/migration-result.js';

/** What a migration that did not go well means for the exit status. */
export function failureOf(result: MigrationResult): VxmigError {
  const code = result.error?.code ?? 'MIGRATION_FAILED';
  const known = code in ERRORS ? (code as ErrorCode) : 'MIGRATION_FAILED';
  return new VxmigError(known, result.error?.message ?? 'the migration failed', {
    ...(result.error === undefined ? {} : { hint: result.error.hint }),
    where: result.vm,
  });
}
