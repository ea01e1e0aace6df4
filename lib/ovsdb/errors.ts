import { type ErrorDetail, VxmigError } from '../model/errors.js';

export interface OvsdbErrorDetail extends ErrorDetail {
  /** What the transaction was for. */
  readonly intent?: string;
  /** Which operation failed, from 0; absent where it was not a single one. */
  readonly operation?: number;
  /** The database's own word for it (RFC 7047 §3.1): `constraint violation`, `timed out` … */
  readonly error?: string;
}

/** The database refused something, does not answer, or does not speak RFC 7047. */
export class OvsdbError extends VxmigError {
  readonly intent: string | undefined;
  readonly operation: number | undefined;
  readonly error: string | undefined;

  constructor(message: string, detail: OvsdbErrorDetail = {}) {
    super('OVSDB', message, detail);
    this.name = 'OvsdbError';
    this.intent = detail.intent;
    this.operation = detail.operation;
    this.error = detail.error;
  }
}
