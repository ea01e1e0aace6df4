import { aboutKey, aboutValue, type Complaint, type Path } from './complaint.js';
import type { SchemaError } from './schema.js';
import { describePath, shapeAt } from './shapes.js';
import { nearest, suggestion } from './suggest.js';

/** What the schema's errors mean to the person who wrote the file; errors that only repeat another one say nothing. */
export function schemaComplaints(errors: readonly SchemaError[]): readonly Complaint[] {
  return errors.flatMap((error) => {
    const complaint = explain(error, pathOf(error.instancePath));
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

const TOO_MANY = 'leave some out, or give them a topology of their own';
const KEEPS_VALUE = new Set(['required', 'additionalProperties', 'propertyNames', 'not', 'if']);

function explain(error: SchemaError, path: Path): Complaint | null {
  // propertyNames comes with an error of its own besides those of the name's schema.
  if (error.propertyName !== undefined) return null;
  switch (error.keyword) {
    case 'if':
      return null;
    case 'not':
      return aboutKey(
        [...path, 'domain'],
        `${describePath(path)} has both \`image\` and \`domain\``,
        'keep one of the two',
      );
    case 'additionalProperties':
      return unknownKey(path, String(error.params.additionalProperty), knownKeys(error));
    case 'propertyNames':
      return badName(path, String(error.params.propertyName));
    case 'required':
      return missingKey(path, String(error.params.missingProperty));
    case 'maxProperties':
    case 'maxItems':
      return aboutKey(path, `${describePath(path)}: more than ${error.params.limit}`, TOO_MANY);
    case 'minProperties':
    case 'minItems':
      return aboutKey(path, `${describePath(path)} is empty`, shapeAt(path).mend);
    default:
      return wrongValue(path, error);
  }
}

function wrongValue(path: Path, error: SchemaError): Complaint {
  const { noun, mend } = shapeAt(path);
  if (error.data === null) return aboutKey(path, `${describePath(path)} is empty`, mend);
  const allowed = error.keyword === 'enum' ? (error.params.allowedValues as readonly string[]) : [];
  const near = typeof error.data === 'string' ? nearest(error.data, allowed) : null;
  return aboutValue(
    path,
    `${describePath(path)}: ${show(error.data)} is not ${noun}`,
    near === null ? mend : `did you mean \`${near}\`?`,
  );
}

function unknownKey(path: Path, key: string, known: readonly string[]): Complaint {
  const mend = MISPLACED_KEYS[`${path[0] ?? ''}.${key}`] ?? suggestion(key, known);
  const hint = known.length === 0 ? 'it takes no keys yet: remove it' : mend;
  return aboutKey([...path, key], `unknown key \`${key}\` in ${describePath(path)}`, hint);
}

/** Keys that other tools have at this place, or that people look for there. */
const MISPLACED_KEYS: Readonly<Record<string, string>> = {
  'networks.hub': 'write `mesh: {hub: HOST}`',
  'vms.allow': 'it belongs to a NIC: `nics: [{network: …, mac: …, allow: […]}]`',
  'vms.network': 'it belongs to a NIC: `nics: [{network: …, mac: …}]`',
  'vms.mac': 'it belongs to a NIC: `nics: [{network: …, mac: …}]`',
  'vms.address': 'it belongs to a NIC: `nics: [{network: …, mac: …, address: …}]`',
  'vms.strategy': 'write `migration: {strategy: …}`',
  'hosts.hostKey': 'write `ssh: {hostKey: …}`',
  'hosts.user': 'write `ssh: {user: …}`',
};

function badName(path: Path, name: string): Complaint {
  const mend = 'a lower-case letter, then up to 30 lower-case letters, digits and dashes';
  return aboutKey([...path, name], `\`${name}\` cannot be a name`, mend);
}

function missingKey(path: Path, key: string): Complaint {
  const what = describePath(path);
  if (key === 'image') {
    const mend = 'add `image: micro` for the lab’s own guest, or `domain: NAME` for one that libvirt knows';
    return aboutKey(path, `${what} has neither \`image\` nor \`domain\``, mend);
  }
  return aboutKey(path, `${what} lacks \`${key}\``, `add it: ${shapeAt([...path, key]).mend}`);
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
function pathOf(pointer: string): Path {
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
