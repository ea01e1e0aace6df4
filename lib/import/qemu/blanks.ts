import type { Remarks } from '../remarks.js';
import { optionName } from './options.js';
import type { Word } from './shell-words.js';

/** Options whose values have blanks in them as a rule: a kernel's command line, `manufacturer=OpenStack Foundation`. */
const SPACED = /^(?:append|smbios|name)$/;

/**
 * `ps` prints arguments without the quotes that they need: the words that follow such a value up to the next option are
 * a part of it. QEMU itself would take them for images, whose paths begin at the root.
 */
export function withBlanks(words: readonly Word[], remarks: Remarks): Word[] {
  const joined: Word[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const [word, value] = [words[index], words[index + 1]];
    if (word === undefined) break;
    joined.push(word);
    // One that has a blank in it has had its quotes.
    if (value === undefined || !SPACED.test(optionName(word.text) ?? '') || /\s/.test(value.text)) continue;
    let end = index + 2;
    while (end < words.length && isPiece(words[end])) end += 1;
    const parts = words.slice(index + 1, end);
    const text = parts.map((one) => one.text).join(' ');
    joined.push({ ...value, text });
    if (parts.length > 1)
      remarks.changed(
        { text: `${word.text} ${text}`, place: word.place },
        'it has no quotes, as in the output of `ps`: all words up to the next option are taken for its value',
        'Look it over, or import /proc/PID/cmdline in its place.',
      );
    index += parts.length;
  }
  return joined;
}

function isPiece(word: Word | undefined): boolean {
  return word?.unknown === null && !word.text.startsWith('/') && optionName(word.text) === null;
}
