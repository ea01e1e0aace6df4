import { clipped, printableLine } from '../model/printable.js';
import type { Place } from './text-places.js';

/** Something that the result has not, or has otherwise. */
export interface Remark {
  /** As it was written. */
  readonly what: string;
  readonly why: string;
  /** What to do. */
  readonly hint: string;
  /** null: it is about the whole. */
  readonly place: Place | null;
}

/** Something of the input, with its place. */
export interface Origin {
  readonly text: string;
  readonly place: Place | null;
}

/** Nobody reads more; how many there are is said. */
const MOST_REMARKS = 500;
const MOST_TEXT = 300;

/** What is said of a conversion besides its result; no part of the input may be passed over without an entry here. */
export class Remarks {
  readonly #lost: Remark[] = [];
  readonly #changed: Remark[] = [];
  #more = 0;

  /** Not carried over. */
  lost(origin: Origin, why: string, hint: string): void {
    this.#add(this.#lost, origin, { why, hint });
  }

  /** Carried over in another form, or made up. */
  changed(origin: Origin, why: string, hint: string): void {
    this.#add(this.#changed, origin, { why, hint });
  }

  get notCarried(): readonly Remark[] {
    return inOrder(this.#more === 0 ? this.#lost : [...this.#lost, moreThan(this.#more)]);
  }

  get carriedOtherwise(): readonly Remark[] {
    return inOrder(this.#changed);
  }

  #add(list: Remark[], { text, place }: Origin, { why, hint }: { readonly why: string; readonly hint: string }): void {
    if (this.#lost.length + this.#changed.length >= MOST_REMARKS) this.#more += 1;
    else
      list.push({
        what: shown(text),
        why: printableLine(why),
        hint,
        place,
      });
  }
}

/** Secrets are not shown: what is said here goes to terminals and into files. */
const SECRET = /(\b(?:\w*passw(?:or)?d|secret|key|data)"?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s,:}]+)/gi;

/** `//USER:PASSWORD@HOST`, and with `%` as iSCSI has it. */
const LOGIN = /(\/\/[^\s/@:%]*[:%])[^\s/@]+(?=@)/g;

function shown(text: string): string {
  const bare = text.replace(/\s+/g, ' ').replace(SECRET, '$1…').replace(LOGIN, '$1…');
  return clipped(printableLine(bare), MOST_TEXT);
}

function moreThan(count: number): Remark {
  return {
    what: `${count} more`,
    why: `only ${MOST_REMARKS} are listed`,
    hint: 'Take what does not belong to the VM out of the file, and import again.',
    place: null,
  };
}

/** As the input has them; what is about the whole comes last. */
function inOrder(remarks: readonly Remark[]): Remark[] {
  const key = ({ place }: Remark) => [place?.line ?? Number.MAX_SAFE_INTEGER, place?.column ?? 0] as const;
  return [...remarks].sort((a, b) => key(a)[0] - key(b)[0] || key(a)[1] - key(b)[1]);
}
