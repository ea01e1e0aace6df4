import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { rubricSchemaText } from '../grade/schema.js';
import { AJV_OPTIONS } from '../topology/ajv-options.js';
import { schemaText } from '../topology/schema.js';

/** Files under lib/ that compile a schema, and which. */
export const VALIDATORS: Readonly<Record<string, () => string>> = {
  'topology/validator.js': schemaText,
  'grade/validator.js': rubricSchemaText,
};

/**
 * What takes the place of such a file in the bundle: the schema as a finished function. To make it takes ajv longer
 * than all the rest of reading a topology.
 */
export function validatorCode(text: string): string {
  const ajv = new Ajv({ ...AJV_OPTIONS, code: { source: true, esm: true, lines: true } });
  const code = standalone.default(ajv, ajv.compile(JSON.parse(text)));
  return `${code}\nexport const makeValidator = () => validate;\n`;
}
