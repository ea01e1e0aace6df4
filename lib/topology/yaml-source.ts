import { type Document, isNode, isScalar, Lexer, LineCounter, parseDocument, visit, type YAMLError } from 'yaml';
import type { Problem } from '../model/problem.js';
import { placeOfOffset } from './places.js';

/** No topology comes near these; they keep a hostile or broken file from taking the memory or the stack. */
export const LIMITS = { fileBytes: 2 ** 20, nesting: 32, aliases: 100 } as const;

/** A file that YAML can read: `value` is made anew by each call, so that the caller may change it. */
export interface YamlSource {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly value: () => unknown;
}

/** `source` is null where the text is not YAML that can be read; problems may come with a source too (duplicate keys). */
export function readYaml(
  text: string,
  file: string,
): { readonly source: YamlSource | null; readonly problems: readonly Problem[] } {
  const tooMuch = beyondLimits(text);
  if (tooMuch !== null) return { source: null, problems: [{ file, column: 1, ...tooMuch }] };
  const lines = new LineCounter();
  // The library's own check for duplicate keys takes 9 s for 1 MiB of keys.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const problems = [
    ...[...document.errors, ...document.warnings].map((error) => ({
      file,
      ...placeOfOffset(lines, error.pos[0]),
      ...explain(error),
    })),
    ...duplicateKeys(document, lines, file),
  ];
  if (document.errors.length > 0) return { source: null, problems };
  const value = () => document.toJS({ maxAliasCount: LIMITS.aliases }) as unknown;
  try {
    value();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const mend = 'write the values out in place of the aliases';
    return { source: null, problems: [...problems, { file, line: 1, column: 1, message: `aliases: ${reason}`, mend }] };
  }
  return { source: { document, lines, value }, problems };
}

interface Excess {
  readonly line: number;
  readonly message: string;
  readonly mend: string;
}

/** Looked for in the tokens, before parsing: the parser itself recurses. */
function beyondLimits(text: string): Excess | null {
  if (Buffer.byteLength(text) > LIMITS.fileBytes) {
    return {
      line: 1,
      message: 'the file is larger than 1 MiB',
      mend: 'a topology file is a few KiB: is this the right file?',
    };
  }
  let line = 1;
  let brackets = 0;
  let indicatorsInLine = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') brackets += 1;
    if (token === ']' || token === '}') brackets -= 1;
    if (token === '-' || token === '?') indicatorsInLine += 1;
    const newlines = token.split('\n').length - 1;
    if (newlines > 0) indicatorsInLine = 0;
    if (brackets > LIMITS.nesting || indicatorsInLine > LIMITS.nesting || indentOf(token) > 16 * LIMITS.nesting) {
      return {
        line,
        message: `nested more than ${LIMITS.nesting} levels deep`,
        mend: 'a topology is 5 levels deep: is this the right file?',
      };
    }
    line += newlines;
  }
  return null;
}

function indentOf(token: string): number {
  return /^ +$/.test(token) ? token.length : 0;
}

function duplicateKeys(document: Document, lines: LineCounter, file: string): readonly Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = isScalar(key) ? String(key.value) : String(key);
        if (seen.has(name) && isNode(key)) {
          const message = `the key \`${name}\` is there twice`;
          const place = placeOfOffset(lines, key.range?.[0] ?? 0);
          problems.push({ file, ...place, message, mend: 'rename or remove one of the two' });
        }
        seen.add(name);
      }
    },
  });
  return problems;
}

function explain(error: YAMLError): { readonly message: string; readonly mend: string } {
  switch (error.code) {
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'BLOCK_IN_FLOW':
      return {
        message: 'a second `key:` on the same line',
        mend: 'put braces around the inner one, as in `mesh: {hub: host-a}`',
      };
    case 'TAB_AS_INDENT':
      return { message: 'a tab as indentation', mend: 'YAML indents by spaces' };
    case 'MULTIPLE_DOCS':
      return { message: 'a second document begins here', mend: 'one topology per file: remove the `---`' };
    case 'TAG_RESOLVE_FAILED':
      return { message: error.message, mend: 'a topology needs no tags: remove it' };
    default:
      return {
        message: `not YAML: ${error.message}`,
        mend: 'check brackets, quotes and indentation here and in the line above',
      };
  }
}
