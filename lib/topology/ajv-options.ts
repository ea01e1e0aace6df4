import type { Options } from 'ajv';

/** Whether the schema itself is right is what a test asks, not every start. */
export const AJV_OPTIONS = {
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
  validateSchema: false,
  meta: false,
} as const satisfies Options;
