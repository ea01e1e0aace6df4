import { Ajv, type ValidateFunction } from 'ajv';
import { AJV_OPTIONS } from './ajv-options.js';

/**
 * The bundle has in place of this function what ajv makes of the schema when it is built
 * (`lib/bundle/validator-code.ts`).
 */
export function makeValidator(schemaText: () => string): ValidateFunction {
  return new Ajv({ ...AJV_OPTIONS, code: { optimize: false } }).compile(JSON.parse(schemaText()));
}
