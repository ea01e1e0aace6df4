import { existsSync, readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { MIGRATION_STAGES } from '../../lib/migration/stages.js';

const PACKAGE = new URL('../../../', import.meta.url);
const PAGES = [
  'CONTRIBUTING.md',
  'README.md',
  ...readdirSync(new URL('docs/', PACKAGE), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
]
  .filter((name) => name.endsWith('.md'))
  .sort();

function read(page: string): string {
  return readFileSync(new URL(page, PACKAGE), 'utf8');
}

function scriptsIn(text: string): string[] {
  return [...text.matchAll(/\bnpm (?:run (?:--silent )?([\w:]+)|(test)\b)/g)].map(
    (found) => found[1] ?? found[2] ?? '',
  );
}

function linksIn(text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((found) => found[1] ?? '');
}

t.test('every file that a page links to is there', async (t) => {
  t.ok(PAGES.includes('docs/architecture.md'));
  for (const page of PAGES) {
    for (const link of linksIn(read(page)))
      t.ok(existsSync(new URL(link, new URL(page, PACKAGE))), `${page} links to ${link}`);
  }
});

t.test(
  'every script of npm that a page or CI names is there, and CI runs what a reader of the README runs',
  async (t) => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
    for (const page of [...PAGES, '.ci/run'])
      for (const name of scriptsIn(read(page))) t.ok(name in scripts, `${page} names ${name}`);
    const run = scriptsIn(read('.ci/run').replaceAll(/^ *#.*$/gm, ''));
    t.strictSame(run, ['setup', 'lint', 'knip', 'test'], 'each once');
    t.match(read('README.md'), /^npm test /m);
  },
);
/** The terms of the dictionary's table, without marks: `fact*, sight*` are two. */
function termsIn(text: string): string[] {
  return [...text.matchAll(/^\| (?!word |---)([^|]+) \|/gm)].flatMap((row) =>
    (row[1] ?? '').split(', ').map((term) => term.replaceAll(/[*`]|\(.*\)/g, '').trim()),
  );
}

t.test('the dictionary defines each word once, and none that nobody uses', async (t) => {
  const terms = termsIn(read('docs/dictionary.md'));
  t.ok(terms.length > 50, `${terms.length} terms`);
  t.strictSame(
    terms.filter((term, index) => terms.indexOf(term) !== index),
    [],
  );
  const code = readdirSync(new URL('lib/', PACKAGE), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') || name.endsWith('.json'))
    .map((name) => `lib/${name}`);
  const pages = [...PAGES, 'README.md'].filter((page) => page !== 'docs/dictionary.md');
  const all = [...code, ...pages]
    .map((file) =>
      read(file)
        .replaceAll(/\s+(?:\* |\/\/ )?/g, ' ')
        .toLowerCase(),
    )
    .join('\n');
  t.strictSame(
    terms.filter((term) => !all.includes(term.toLowerCase())),
    [],
  );
});

t.test('the architecture page has a line for every room', async (t) => {
  const page = read('docs/architecture.md');
  for (const room of readdirSync(new URL('lib/', PACKAGE))) t.match(page, new RegExp(`\\| .*\`${room}/\``), room);
});

t.test('the story tells every stage, in order', async (t) => {
  const told = [...read('docs/life-of-a-migration.md').matchAll(/^\d+\. \*\*([a-z ]+)\.\*\*/gm)].map(
    (found) => found[1],
  );
  t.strictSame(
    told,
    MIGRATION_STAGES.map(({ name }) => name),
  );
});

t.test('decision records are numbered without a gap', async (t) => {
  const names = readdirSync(new URL('docs/decisions/', PACKAGE)).sort();
  t.strictSame(
    names.map((name) => Number(name.slice(0, 4))),
    names.map((_, index) => index + 1),
  );
});

t.test('the checks find what they are for', async (t) => {
  t.strictSame(scriptsIn('`npm run check:fast`, `npm run --silent lint`, `npm test` and npm ci'), [
    'check:fast',
    'lint',
    'test',
  ]);
  t.strictSame(termsIn('| word | means |\n| --- | --- |\n| fact*, `a`* | x |\n| b (c) | y |'), ['fact', 'a', 'b']);
  t.strictSame(linksIn('[a](b.md#c) [d](https://example.org/)'), ['b.md']);
});
