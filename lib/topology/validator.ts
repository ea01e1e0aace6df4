import { Ajv, type Options, type ValidateFunction } from 'ajv';

/** Whether the schema itself is right is what a test asks, not every start. */
export const AJV_OPTIONS = {
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
  validateSchema: false,
  meta: false,
} as const satisfies Options;

/** The bundle has in place of this function what ajv makes of the schema when it is built (`lib/bundle/validator-code.ts`). */
export function makeValidator(schemaText: () => string): ValidateFunction {
  return new Ajv({ ...AJV_OPTIONS, code: { optimize: false } }).compile(JSON.parse(schemaText()));
}
