import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { schemaText } from '../topology/schema.js';
import { AJV_OPTIONS } from '../topology/validator.js';

/**
 * What takes the place of `lib/topology/validator.ts` in the bundle: the schema as a finished function. To make it takes ajv longer than
 * all the rest of reading a topology.
 */
export function validatorCode(): string {
  const ajv = new Ajv({ ...AJV_OPTIONS, code: { source: true, esm: true, lines: true } });
  const code = standalone.default(ajv, ajv.compile(JSON.parse(schemaText())));
  return `${code}\nexport const makeValidator = () => validate;\n`;
}
