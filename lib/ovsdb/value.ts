import { OvsdbError } from './errors.js';
import type { Json } from './wire.js';

/** A row in the database. */
export interface Uuid {
  readonly uuid: string;
}

/** A row that is inserted by the same transaction, by the name given there. */
export interface NamedUuid {
  readonly named: string;
}

export type Atom = string | number | boolean | Uuid | NamedUuid;

/** An atom, a set (array) or a map, in the words of RFC 7047 §5.1. */
export type Value = Atom | readonly Atom[] | ReadonlyMap<Atom, Atom>;
export type Row = Readonly<Record<string, Value>>;

export function uuid(text: string): Uuid {
  return { uuid: text };
}

export function named(name: string): NamedUuid {
  return { named: name };
}

/** Plain objects as maps of strings: `{remote_ip: '198.18.1.10'}`. */
export function mapOf(entries: Readonly<Record<string, string>>): ReadonlyMap<Atom, Atom> {
  return new Map(Object.entries(entries));
}

export function encodeValue(value: Value): Json {
  if (value instanceof Map) return ['map', [...value].map(([key, item]) => [encodeAtom(key), encodeAtom(item)])];
  if (Array.isArray(value)) return ['set', value.map(encodeAtom)];
  return encodeAtom(value as Atom);
}

function encodeAtom(atom: Atom): Json {
  if (typeof atom !== 'object') return atom;
  return 'uuid' in atom ? ['uuid', atom.uuid] : ['named-uuid', atom.named];
}

export function encodeRow(row: Row): Json {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, encodeValue(value)]));
}

/** Throws OvsdbError for what is no value. The server sends a set of one as a bare atom: see {@link asSet}. */
export function decodeValue(json: Json): Value {
  if (!Array.isArray(json)) return decodeAtom(json);
  const [kind, content] = json as readonly Json[];
  if (kind === 'set' && Array.isArray(content)) return content.map(decodeAtom);
  if (kind !== 'map' || !Array.isArray(content)) return decodeAtom(json);
  return new Map(
    content.map((pair: Json): [Atom, Atom] => {
      if (!Array.isArray(pair) || pair.length !== 2) throw notAValue(pair);
      return [decodeAtom(pair[0]), decodeAtom(pair[1])];
    }),
  );
}

function decodeAtom(json: Json | undefined): Atom {
  if (typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean') return json;
  if (!Array.isArray(json) || json.length !== 2 || typeof json[1] !== 'string') throw notAValue(json);
  if (json[0] === 'uuid') return { uuid: json[1] };
  if (json[0] === 'named-uuid') return { named: json[1] };
  throw notAValue(json);
}

/** Throws OvsdbError for what is no row. */
export function decodeRow(json: Json | undefined): Row {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw notAValue(json);
  return Object.fromEntries(Object.entries(json).map(([column, value]) => [column, decodeValue(value)]));
}

function notAValue(json: Json | undefined): OvsdbError {
  return new OvsdbError(`the database server sent what is no OVSDB value: ${JSON.stringify(json)?.slice(0, 80)}`);
}

/** Any column that may hold several: one, none or many. */
export function asSet(value: Value | undefined): readonly Atom[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value as readonly Atom[];
  if (value instanceof Map) throw new OvsdbError('the database server sent a map for a set');
  return [value as Atom];
}

/** A column that holds at most one: null for none. */
export function asOptional(value: Value | undefined): Atom | null {
  return asSet(value)[0] ?? null;
}

/** '' where there is none. */
export function asString(value: Value | undefined): string {
  const atom = asOptional(value);
  return typeof atom === 'string' ? atom : '';
}

/** null where there is none. */
export function asNumber(value: Value | undefined): number | null {
  const atom = asOptional(value);
  return typeof atom === 'number' ? atom : null;
}

export function asStringMap(value: Value | undefined): Readonly<Record<string, string>> {
  if (!(value instanceof Map)) return {};
  return Object.fromEntries([...value].map(([key, item]) => [String(key), String(item)]));
}

/** The UUIDs in a column that refers to rows. */
export function asUuids(value: Value | undefined): readonly string[] {
  const atoms = value instanceof Map ? [...value.values()] : asSet(value);
  return atoms.flatMap((atom) => (typeof atom === 'object' && 'uuid' in atom ? [atom.uuid] : []));
}
