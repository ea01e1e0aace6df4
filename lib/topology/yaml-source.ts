import {
  type Alias,
  type Document,
  isNode,
  isScalar,
  Lexer,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import type { Problem } from '../model/problem.js';
import { placeOfOffset } from './places.js';

/**
 * No topology and no rubric comes near these; they keep a hostile or broken file from taking the memory or the stack.
 */
export const LIMITS = { fileBytes: 2 ** 20, nesting: 32, aliases: 100 } as const;

/** A file that YAML can read: `value` is made anew by each call, so that the caller may change it. */
export interface YamlSource {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly value: () => unknown;
}

/**
 * `source` is null where the text is not YAML that can be read; problems may come with a source too (duplicate keys).
 * @param noun what the file should be, for messages: `topology`
 */
export function readYaml(
  text: string,
  file: string,
  noun: string,
): { readonly source: YamlSource | null; readonly problems: readonly Problem[] } {
  const tooMuch = beyondLimits(text, noun);
  if (tooMuch !== null) return { source: null, problems: [{ file, ...tooMuch }] };
  const lines = new LineCounter();
  // The library's own check for duplicate keys takes 9 s for 1 MiB of keys; warnings are told below, not by the
  // process.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
    // The same whatever a %YAML directive says, and no tag makes a value that JSON does not have.
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
  });
  const problems = [
    ...[...document.errors, ...document.warnings].map((error) => ({
      file,
      ...placeOfOffset(lines, error.pos[0]),
      ...explain(error, noun),
    })),
    ...duplicateKeys(document, lines, file),
  ];
  if (document.errors.length > 0) return { source: null, problems };
  const unusable = (problem: Omit<Problem, 'file'>) => ({
    source: null,
    problems: [...problems, { file, ...problem }],
  });
  const wrong = wrongAlias(document, lines) ?? wrongKey(document, lines);
  if (wrong !== null) return unusable(wrong);
  const value = () => document.toJS({ maxAliasCount: LIMITS.aliases }) as unknown;
  try {
    value();
  } catch (cause) {
    return unusable(excessOfAliases(document, lines, cause));
  }
  return { source: { document, lines, value }, problems };
}

/** An alias that stands for nothing, or for something that it is in itself. */
function wrongAlias(document: Document, lines: LineCounter): Omit<Problem, 'file'> | null {
  const anchors = new Set<string>();
  const wrong: { readonly alias: Alias; readonly message: string }[] = [];
  visit(document, {
    Alias(_, alias, path) {
      const isInside = path.some((around) => isNode(around) && 'anchor' in around && around.anchor === alias.source);
      if (isInside) wrong.push({ alias, message: `\`*${alias.source}\` is within what it stands for` });
      else if (!anchors.has(alias.source))
        wrong.push({ alias, message: `there is no anchor \`&${alias.source}\` before this alias` });
      return wrong.length > 0 ? visit.BREAK : undefined;
    },
    Node(_, node) {
      if ('anchor' in node && node.anchor !== undefined) anchors.add(node.anchor);
    },
  });
  const [first] = wrong;
  if (first === undefined) return null;
  const fix = 'write the value itself; a text that begins with `*` needs quotes';
  return { ...placeOfOffset(lines, first.alias.range?.[0] ?? 0), message: first.message, fix };
}

/** A collection or an alias as a key: JSON knows texts only. */
function wrongKey(document: Document, lines: LineCounter): Omit<Problem, 'file'> | null {
  let offset: number | undefined;
  visit(document, {
    Pair(_, { key }) {
      if (!isNode(key) || isScalar(key)) return undefined;
      offset = key.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  if (offset === undefined) return null;
  return { ...placeOfOffset(lines, offset), message: 'a key that is no text', fix: 'keys are names: `name: value`' };
}

/** Aliases that together stand for too much are told at the first. */
function excessOfAliases(document: Document, lines: LineCounter, cause: unknown): Omit<Problem, 'file'> {
  let offset = 0;
  visit(document, {
    Alias(_, alias) {
      offset = alias.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  const message = `aliases: ${cause instanceof Error ? cause.message : String(cause)}`;
  return { ...placeOfOffset(lines, offset), message, fix: 'write the values out in place of the aliases' };
}

type Excess = Omit<Problem, 'file'>;

/** YAML 1.2 §5.1: what may not stand in a file; and a line end that no tool counts any more. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]|\r(?!\n)/u;

/** Looked for in the tokens, before parsing: the parser itself recurses. */
function beyondLimits(text: string, noun: string): Excess | null {
  if (Buffer.byteLength(text) > LIMITS.fileBytes) {
    return {
      line: 1,
      column: 1,
      message: 'the file is larger than 1 MiB',
      fix: `a ${noun} file is a few KiB: is this the right file?`,
    };
  }
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden !== null) {
    const before = text.slice(0, forbidden.index).split('\n');
    const code = forbidden[0].charCodeAt(0).toString(16).padStart(4, '0').toUpperCase();
    return {
      line: before.length,
      column: (before.at(-1) ?? '').length + 1,
      message: `a control character (U+${code})`,
      fix: code === '000D' ? 'end lines by LF or CR LF' : 'remove it: is this a text file?',
    };
  }
  const space = oddSpace(text);
  if (space !== null) return space;
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
        column: 1,
        message: `nested more than ${LIMITS.nesting} levels deep`,
        fix: `a ${noun} is a few levels deep: is this the right file?`,
      };
    }
    line += newlines;
  }
  return null;
}

/** What Unicode has for spaces, besides the one of ASCII. */
const SPACE = String.raw`([\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000])`;
/**
 * Before a line's first character, behind what ends a key, or at a line's end; in quotes and in comments it is a
 * character like others.
 */
const ODD_SPACE = new RegExp(String.raw`^(?:[ \t]*|[^#"'\n]*[:,[{-][ ]*)${SPACE}|^[^#"'\n]*${SPACE}[ \t\r]*$`, 'm');

/**
 * What looks like a space, as word processors and web pages have it, is a letter to YAML: the key or the value that it
 * is in is another one.
 */
function oddSpace(text: string): Excess | null {
  const found = ODD_SPACE.exec(text);
  const character = found?.[1] ?? found?.[2];
  if (found === null || character === undefined) return null;
  const offset = found.index + found[0].indexOf(character);
  const before = text.slice(0, offset).split('\n');
  const code = character.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase();
  const name = character === '\u00a0' ? 'a no-break space' : 'a space of another kind';
  return {
    line: before.length,
    column: (before.at(-1) ?? '').length + 1,
    message: `${name} (U+${code}), which YAML takes for a letter`,
    fix: 'write an ordinary space in its place, here and wherever else it was pasted',
  };
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
          problems.push({ file, ...place, message, fix: 'rename or remove one of the two' });
        }
        seen.add(name);
      }
    },
  });
  return problems;
}

function explain(error: YAMLError, noun: string): { readonly message: string; readonly fix: string } {
  switch (error.code) {
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'BLOCK_IN_FLOW':
      return {
        message: 'a second `key:` on the same line',
        fix: 'put braces around the inner one, as in `mesh: {hub: host-a}`',
      };
    case 'TAB_AS_INDENT':
      return { message: 'a tab as indentation', fix: 'YAML indents by spaces' };
    case 'MULTIPLE_DOCS':
      return { message: 'a second document begins here', fix: `one ${noun} per file: remove the \`---\`` };
    case 'TAG_RESOLVE_FAILED':
      return { message: error.message, fix: `a ${noun} needs no tags: remove it` };
    default:
      return {
        message: `not YAML: ${error.message}`,
        fix: 'check brackets, quotes and indentation here and in the line above',
      };
  }
}
