import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generateTypes } from '../topology/generate-types.js';
import { RUBRIC_SCHEMA_URL } from './schema.js';

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('file.ts', RUBRIC_SCHEMA_URL), await generateTypes(RUBRIC_SCHEMA_URL, 'RubricFile'));
}
