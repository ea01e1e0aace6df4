import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JSONSchema4 } from 'json-schema';
import { compile } from 'json-schema-to-typescript';
import { SCHEMA_URL } from './schema.js';

const BANNER = [
  '// Generated from schema.json by generate-types.ts: change the schema and run that, not this file.',
  '// biome-ignore-all lint/complexity/noBannedTypes: what the generator writes for an object without keys.',
].join('\n');

/** The text of a file.ts beside a schema.json: the file as it is written, as TypeScript types. */
export async function generateTypes(schemaUrl: URL, typeName: string): Promise<string> {
  const schema = JSON.parse(readFileSync(schemaUrl, 'utf8')) as JSONSchema4;
  return compile({ ...schema, title: typeName }, typeName, {
    bannerComment: BANNER,
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true, printWidth: 120, trailingComma: 'all' },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('file.ts', SCHEMA_URL), await generateTypes(SCHEMA_URL, 'TopologyFile'));
}
