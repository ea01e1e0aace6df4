import { Mistake } from '../mistake.js';
import type { Origin } from '../remarks.js';
import type { Place } from '../text-places.js';
import { type Part, type RawCommand, type RawWord, shellCommands } from './shell-syntax.js';

/** An argument as the program would have got it. */
export interface Word {
  readonly text: string;
  readonly place: Place;
  /** What of it only a shell that runs could tell; null: all of it is known. */
  readonly unknown: string | null;
}

export interface Command extends Origin {
  readonly words: readonly Word[];
  readonly place: Place;
}

/** A word that a variable holds; its place, where it was written as a word of its own. */
type Field = Pick<Word, 'text' | 'unknown'> & { readonly place?: Place };

/** What a variable holds: words, or (null) something that only running the script could tell. */
type Variables = Map<string, readonly Field[] | null>;

/** A script that doubles its variables would have no end. */
const MOST_CHARACTERS = 2 ** 20;

/**
 * The commands of a script with their words. Of variables, those are known that the script itself has set to plain
 * text, where no condition or loop decides whether it does.
 * @throws Mistake where a quote does not end
 */
export function readCommands(text: string): Command[] {
  return new Script().commands(shellCommands(text));
}

class Script {
  readonly #variables: Variables = new Map();
  #depth = 0;
  #characters = 0;

  commands(raw: readonly RawCommand[]): Command[] {
    return raw.flatMap((command): Command[] => {
      const words = this.#withoutKeywords(command.words);
      const assigned = words.findIndex((word) => !isAssignment(word));
      const rest = assigned < 0 ? [] : words.slice(assigned);
      const declares = /^(?:export|local|readonly|declare|typeset)$/.test(plainText(rest[0]) ?? '');
      if (rest.length === 0 || declares) {
        for (const word of words.filter(isAssignment)) this.#assign(word, this.#depth > 0 || command.conditional);
        return [];
      }
      if (/^(?:read|unset|getopts|mapfile|readarray|for|select)$/.test(plainText(rest[0]) ?? ''))
        for (const word of rest.slice(1)) this.#variables.set(plainText(word) ?? '', null);
      // What stands before a command is for that command alone, and told as a part of it.
      const { place, text } = command;
      return [{ words: words.flatMap((word) => this.#expand(word)), place, text }];
    });
  }

  /** Within a condition, a loop or a function nobody knows whether, and how often, something is done. */
  #withoutKeywords(words: readonly RawWord[]): readonly RawWord[] {
    let rest = words;
    for (;;) {
      const keyword = plainText(rest[0]);
      if (keyword === null) return rest;
      if (/^(?:if|while|until|case|for|select|\{)$/.test(keyword)) this.#depth += 1;
      else if (/^(?:fi|done|esac|\})$/.test(keyword)) this.#depth = Math.max(0, this.#depth - 1);
      else if (!/^(?:then|else|elif|do|!|time)$/.test(keyword)) return rest;
      if (/^(?:for|select|case)$/.test(keyword)) return rest;
      rest = rest.slice(1);
    }
  }

  #assign(word: RawWord, isConditional: boolean): void {
    const [first, ...others] = word.parts;
    const [, name = '', operator = '=', begin = ''] =
      /^(\w+)(\+?=)([\s\S]*)$/.exec(first?.kind === 'text' ? first.text : '') ?? [];
    const before = this.#variables.get(name);
    const list = word.list?.flatMap((one) => this.#expand(one));
    const value = list ?? this.#valueOf([{ kind: 'text', text: begin }, ...others], word.place);
    const isAdded = operator === '+=' && before !== undefined && before !== null;
    if (isAdded && list !== undefined) {
      const perhaps = { text: joined(list), unknown: 'whether it is added', place: word.place };
      this.#variables.set(name, [...before, ...(isConditional ? [perhaps] : list)]);
    } else if (isConditional || value === null || (operator === '+=' && before === null))
      this.#variables.set(name, null);
    else if (isAdded) this.#variables.set(name, [{ text: joined(before) + joined(value), unknown: null }]);
    else this.#variables.set(name, value);
  }

  #valueOf(parts: readonly Part[], place: Place): readonly Field[] | null {
    const quoted = parts.map((part) => (part.kind === 'variable' ? { ...part, quoted: true } : part));
    const words = this.#expand({ parts: quoted, place, list: null });
    return words.some(({ unknown }) => unknown !== null) ? null : [{ text: joined(words), unknown: null }];
  }

  /** Fields as a shell makes them (POSIX 2.6.5): what a variable holds is split at blanks where it is not quoted. */
  #expand({ parts, place }: RawWord): Word[] {
    const done: Word[] = [];
    let text: string | null = null;
    let unknown: string | null = null;
    let own = place;
    const finish = () => {
      if (text !== null) done.push({ text, place: own, unknown });
      text = null;
      unknown = null;
    };
    for (const part of parts) {
      const fields = this.#fields(part);
      if (fields === null) {
        text = (text ?? '') + part.text;
        unknown ??= part.text;
        continue;
      }
      for (const [index, field] of fields.entries()) {
        if (index > 0) finish();
        this.#characters += field.text.length + 1;
        if (this.#characters > MOST_CHARACTERS)
          throw new Mistake(place, 'variables that grow without end', 'write the command line itself');
        own = text === null ? (field.place ?? place) : place;
        text = (text ?? '') + field.text;
        unknown ??= field.unknown;
      }
    }
    finish();
    return done;
  }

  /** null: not known. */
  #fields(part: Part): readonly Field[] | null {
    if (part.kind !== 'variable') return part.kind === 'text' ? [{ text: part.text, unknown: null }] : null;
    const known = this.#variables.get(part.name);
    const value = known === undefined && part.fallback !== null ? [{ text: part.fallback, unknown: null }] : known;
    if (value === undefined || value === null) return null;
    if (part.quoted) return part.text.includes('[*]') ? [{ text: joined(value), unknown: unknownOf(value) }] : value;
    return value.flatMap(({ text, unknown }) =>
      text.split(/[ \t\n]+/).flatMap((one) => (one === '' ? [] : [{ text: one, unknown }])),
    );
  }
}

function joined(fields: readonly Field[]): string {
  return fields.map(({ text }) => text).join(' ');
}

function unknownOf(fields: readonly Field[]): string | null {
  return fields.find(({ unknown }) => unknown !== null)?.unknown ?? null;
}

function isAssignment(word: RawWord): boolean {
  const [first] = word.parts;
  return first?.kind === 'text' && /^[A-Za-z_]\w*\+?=/.test(first.text);
}

/** null where it is more than one plain piece of text. */
function plainText(word: RawWord | undefined): string | null {
  const [first, ...others] = word?.parts ?? [];
  return first?.kind === 'text' && others.length === 0 ? first.text : null;
}
