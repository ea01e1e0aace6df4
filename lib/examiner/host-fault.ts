import { TooLate } from '../grade/sight.js';
import { type ErrorCode, VxmigError } from '../model/errors.js';

/** What hosts that do not answer, or not as they should, end a look with. */
const CODES: readonly ErrorCode[] = ['SSH_CONNECT', 'COMMAND_FAILED', 'OVSDB', 'HOST_UNFIT'];

/**
 * Whether it is the hosts that have kept a look from being carried out: they broke the connection, a command of theirs
 * failed or answered with what nobody can read, or they were too slow.
 */
export function isOfTheHosts(error: unknown): boolean {
  if (error instanceof VxmigError) return CODES.includes(error.code);
  return error instanceof TooLate || error instanceof SyntaxError;
}
