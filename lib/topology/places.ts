import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Path } from './complaint.js';

/** Line and column, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export function placeOfOffset(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/**
 * Where the value at `path`, or its key, stands; where there is no such value, where the nearest thing around it
 * stands.
 */
export function placeOfPath(document: Document, lines: LineCounter, path: Path, at: 'key' | 'value'): Place {
  return placeOfOffset(lines, offsetOf(document, path, at));
}

function offsetOf(document: Document, path: Path, at: 'key' | 'value'): number {
  let node = resolved(document, document.contents);
  let offset = startOf(node) ?? 0;
  for (const [index, segment] of path.entries()) {
    const isLast = index === path.length - 1;
    if (isMap(node)) {
      const pair = pairsOf(node).get(String(segment));
      if (pair === undefined) return offset;
      const keyOffset = isNode(pair.key) ? startOf(pair.key) : undefined;
      offset = keyOffset ?? offset;
      if (isLast && at === 'key') return offset;
      offset = startOf(isNode(pair.value) && !isEmpty(pair.value) ? pair.value : null) ?? offset;
      // Of something that lacks a key, the name is a better place than its first key.
      if (!isLast && !leadsOn(document, pair.value, path[index + 1])) return keyOffset ?? offset;
      node = resolved(document, pair.value);
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(segment)];
      if (!isNode(item)) return offset;
      offset = startOf(item) ?? offset;
      node = resolved(document, item);
    } else {
      return offset;
    }
  }
  return offset;
}

function leadsOn(document: Document, value: unknown, segment: string | number | undefined): boolean {
  const node = resolved(document, value);
  return isMap(node) ? pairsOf(node).has(String(segment)) : isSeq(node);
}

/** By key; of one that is there twice the first. */
function pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
  const known = PAIRS.get(map);
  if (known !== undefined) return known;
  const pairs = new Map<string, Pair>();
  for (const pair of map.items) {
    const key = keyText(pair);
    if (!pairs.has(key)) pairs.set(key, pair);
  }
  PAIRS.set(map, pairs);
  return pairs;
}

/** A document does not change once read; looking through 1 MiB of keys for each of its mistakes took minutes. */
const PAIRS = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

/** `key:` with nothing behind it is a null of no width at an odd place. */
function isEmpty(node: Node): boolean {
  return isScalar(node) && node.source === '';
}

function resolved(document: Document, value: unknown): Node | null {
  if (isAlias(value)) return value.resolve(document) ?? null;
  return isNode(value) ? value : null;
}

function startOf(node: Node | null): number | undefined {
  return node?.range?.[0];
}
