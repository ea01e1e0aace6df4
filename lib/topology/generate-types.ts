import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JSONSchema4 } from 'json-schema';
import { compile } from 'json-schema-to-typescript';
import { SCHEMA_URL } from './schema.js';

const WIDTH = 120;

const BANNER = [
  '// Generated from schema.json by generate-types.ts: change the schema and run that, not this file.',
  '// biome-ignore-all lint/complexity/noBannedTypes: what the generator writes for an object without keys.',
].join('\n');

/** The text of a file.ts beside a schema.json: the file as it is written, as TypeScript types. */
export async function generateTypes(schemaUrl: URL, typeName: string): Promise<string> {
  const schema = JSON.parse(readFileSync(schemaUrl, 'utf8')) as JSONSchema4;
  const text = await compile({ ...schema, title: typeName }, typeName, {
    bannerComment: BANNER,
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true, printWidth: WIDTH, trailingComma: 'all' },
  });
  return text.split('\n').flatMap(wrapped).join('\n');
}

/** A description comes as one line of a comment, however long it is. */
function wrapped(line: string): string[] {
  const start = /^ *\* /.exec(line)?.[0];
  if (start === undefined || line.length <= WIDTH) return [line];
  const end = line.lastIndexOf(' ', WIDTH);
  return end < start.length ? [line] : [line.slice(0, end), ...wrapped(start + line.slice(end + 1))];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('file.ts', SCHEMA_URL), await generateTypes(SCHEMA_URL, 'TopologyFile'));
}
