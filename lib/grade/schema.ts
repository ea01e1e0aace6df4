import { readFileSync } from 'node:fs';
import type { ValidateFunction } from 'ajv';
import type { SchemaError } from '../topology/schema.js';
import { makeValidator } from './validator.js';

/** It lies beside the sources as the topology's does. */
export const RUBRIC_SCHEMA_URL = new URL('../../../lib/grade/schema.json', import.meta.url);

/** JSON Schema draft-07 of the rubric, as `vxmig schema rubric` prints it. */
export function rubricSchemaText(): string {
  return readFileSync(RUBRIC_SCHEMA_URL, 'utf8');
}

/** Every way in which `value` breaks the schema, with the value at fault in `data`. */
export function rubricSchemaErrors(value: unknown): readonly SchemaError[] {
  validate ??= makeValidator(rubricSchemaText);
  validate(value);
  return (validate.errors ?? []) as SchemaError[];
}

let validate: ValidateFunction | undefined;
