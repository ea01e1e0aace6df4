import { readFileSync } from 'node:fs';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { makeValidator } from './validator.js';

/** The schema lies beside the sources, not the compiled files: editors are pointed at it by a relative path. */
export const SCHEMA_URL = new URL('../../../lib/topology/schema.json', import.meta.url);

/** JSON Schema draft-07 of the topology file, as `vxmig schema` prints it. */
export function schemaText(): string {
  return readFileSync(SCHEMA_URL, 'utf8');
}

export type SchemaError = ErrorObject<string, Record<string, unknown>>;

/** Every way in which `value` breaks the schema, with the value at fault in `data`. */
export function schemaErrors(value: unknown): readonly SchemaError[] {
  validate ??= makeValidator(schemaText);
  validate(value);
  return (validate.errors ?? []) as SchemaError[];
}

let validate: ValidateFunction | undefined;
