import { aboutKey, aboutValue, type Complaint, type Path } from './complaint.js';
import type { SchemaError } from './schema.js';
import { nearest, suggestion } from './suggest.js';
import type { Vocabulary } from './vocabulary.js';

/** What the schema's errors mean to the person who wrote the file; errors that only repeat another one say nothing. */
export function schemaComplaints(errors: readonly SchemaError[], words: Vocabulary): readonly Complaint[] {
  return errors.flatMap((error) => {
    const complaint = explain(error, pathOf(error.instancePath), words);
    return complaint === null ? [] : [complaint];
  });
}

/**
 * Takes what the schema refuses out of `value`, in place, so that the rest can be checked for meaning in the same run.
 * Missing and unknown keys stay as they are.
 */
export function withoutRefused(value: unknown, errors: readonly SchemaError[]): unknown {
  let root = value;
  for (const error of errors) {
    if (KEEPS_VALUE.has(error.keyword) || error.propertyName !== undefined) continue;
    const path = pathOf(error.instancePath);
    if (path.length === 0) root = {};
    else blank(root, path);
  }
  return root;
}

const KEEPS_VALUE = new Set(['required', 'additionalProperties', 'propertyNames', 'not', 'if']);

function explain(error: SchemaError, path: Path, words: Vocabulary): Complaint | null {
  // propertyNames comes with an error of its own besides those of the name's schema.
  if (error.propertyName !== undefined) return null;
  const special = words.special(error, path);
  if (special !== null) return special;
  switch (error.keyword) {
    case 'if':
      return null;
    case 'additionalProperties':
      return unknownKey(path, String(error.params.additionalProperty), { known: knownKeys(error), words });
    case 'propertyNames':
      return badName(path, String(error.params.propertyName));
    case 'required':
      return missingKey(path, String(error.params.missingProperty), words);
    case 'maxProperties':
    case 'maxItems':
      return aboutKey(path, `${words.describe(path)}: more than ${error.params.limit}`, words.tooMany);
    case 'minProperties':
    case 'minItems':
      return aboutKey(path, `${words.describe(path)} is empty`, words.shapeAt(path).fix);
    default:
      return wrongValue(path, error, words);
  }
}

function wrongValue(path: Path, error: SchemaError, words: Vocabulary): Complaint {
  const { noun, fix } = words.shapeAt(path);
  if (error.data === null) return aboutKey(path, `${words.describe(path)} is empty`, fix);
  const allowed = error.keyword === 'enum' ? (error.params.allowedValues as readonly string[]) : [];
  const near = typeof error.data === 'string' ? nearest(error.data, allowed) : null;
  return aboutValue(
    path,
    `${words.describe(path)}: ${show(error.data)} is not ${noun}`,
    near === null ? fix : `did you mean \`${near}\`?`,
  );
}

function unknownKey(
  path: Path,
  key: string,
  { known, words }: { readonly known: readonly string[]; readonly words: Vocabulary },
): Complaint {
  const fix = words.misplacedKeys[`${path[0] ?? ''}.${key}`] ?? suggestion(key, known);
  const hint = known.length === 0 ? 'it takes no keys yet: remove it' : fix;
  return aboutKey([...path, key], `unknown key \`${key}\` in ${words.describe(path)}`, hint);
}

function badName(path: Path, name: string): Complaint {
  const fix = 'a lower-case letter, then up to 30 lower-case letters, digits and dashes';
  return aboutKey([...path, name], `\`${name}\` cannot be a name`, fix);
}

function missingKey(path: Path, key: string, words: Vocabulary): Complaint {
  return aboutKey(path, `${words.describe(path)} lacks \`${key}\``, `add it: ${words.shapeAt([...path, key]).fix}`);
}

function knownKeys(error: SchemaError): readonly string[] {
  return Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
}

function show(value: unknown): string {
  // JSON has no word for what is beyond a number's range.
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** RFC 6901. List places stay strings here, which serves both lists and maps. */
export function pathOf(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function blank(root: unknown, path: Path): void {
  let holder: unknown = root;
  for (const segment of path.slice(0, -1)) {
    if (typeof holder !== 'object' || holder === null) return;
    holder = (holder as Record<string, unknown>)[String(segment)];
  }
  const last = path.at(-1);
  if (typeof holder === 'object' && holder !== null && last !== undefined) {
    (holder as Record<string, unknown>)[String(last)] = undefined;
  }
}
