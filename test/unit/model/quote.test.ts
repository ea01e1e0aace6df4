import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { shellLine, shellWord } from '../../../lib/model/quote.js';

/** What a real shell makes of a command line: its words, each ended by a NUL, which no word can hold. */
function wordsOf(line: string): string[] {
  const output = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'buffer' });
  return output.toString('utf8').split('\0').slice(0, -1);
}

t.test('whatever the arguments hold, a shell hands them on unchanged', async () => {
  const nasty = fc.constantFrom(
    "'",
    '"',
    '\\',
    '$',
    '`',
    '$(id)',
    '$IFS',
    '\n',
    ' ',
    ';',
    '&',
    '|',
    '*',
    '~',
    '#',
    '!',
    '-n',
    '%s',
    '\t',
    '',
    'é',
    '🦊',
  );
  // Unpaired surrogates are no text: they have no form in UTF-8.
  const text = fc.oneof(
    fc.array(nasty, { maxLength: 8 }).map((parts) => parts.join('')),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
  );
  const word = text.filter((candidate) => !candidate.includes('\0'));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), (words) => {
      const seen = wordsOf(shellLine(words));
      return seen.length === words.length && seen.every((value, index) => value === words[index]);
    }),
    { numRuns: 100 },
  );
});

t.test('plain words stay readable', async (t) => {
  t.equal(
    shellLine(['ip', 'link', 'set', 'dev', 'tap-web-7pn5a', 'mtu', '1450']),
    'ip link set dev tap-web-7pn5a mtu 1450',
  );
  t.equal(shellWord(''), "''");
  t.equal(shellWord("it's"), `'it'\\''s'`);
});

t.test('a NUL byte, which no argument can hold, is refused', async (t) => {
  t.throws(() => shellWord('a\0b'), /NUL/);
});
