import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';

/** The schema lies beside the sources, not the compiled files: editors are pointed at it by a relative path. */
export const SCHEMA_URL = new URL('../../../lib/topology/schema.json', import.meta.url);

/** JSON Schema draft-07 of the topology file, as `vxmig schema` prints it. */
export function schemaText(): string {
  return readFileSync(SCHEMA_URL, 'utf8');
}

export type SchemaError = ErrorObject<string, Record<string, unknown>>;

/** Every way in which `value` breaks the schema, with the value at fault in `data`. */
export function schemaErrors(value: unknown): readonly SchemaError[] {
  // Whether the schema itself is right is what a test asks, not every start.
  const fast = { validateSchema: false, meta: false, code: { optimize: false } } as const;
  validate ??= new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, ...fast }).compile(
    JSON.parse(schemaText()),
  );
  validate(value);
  return (validate.errors ?? []) as SchemaError[];
}

let validate: ReturnType<Ajv['compile']> | undefined;
