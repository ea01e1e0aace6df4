import { VxmigError } from '../model/errors.js';

/**
 * A driver did not do what it was asked for: it refused, or gave no answer though its host is there. What it said is in
 * the message.
 */
export class DriverError extends VxmigError {
  constructor(
    readonly kind: 'refused' | 'silent',
    error: VxmigError,
  ) {
    const where = error.where === undefined ? {} : { where: error.where };
    super(error.code, error.message, { hint: error.hint, cause: error, ...where });
    this.name = 'DriverError';
  }
}
