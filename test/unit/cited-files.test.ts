import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Where is looked for citations. */
const PLACES = ['lib', 'test', 'docs', 'topologies', 'bin', '.ci'];
const TOP = ['README.md', 'CONTRIBUTING.md', 'Vagrantfile'];

const FILES = [
  ...PLACES.flatMap((place) =>
    readdirSync(`${ROOT}${place}`, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length)),
  ),
  ...TOP,
];
const ALL = new Set([...FILES, ...FILES.flatMap(foldersOf)]);

/** Comments of programs, all of a page. What a program has in its strings may be made up. */
const TEXT_OF: readonly (readonly [extension: RegExp, text: (source: string) => string])[] = [
  [/\.md$/, (source) => source],
  [/\.ts$/, (source) => partsOf(source, /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$/gm)],
  [
    /\.sh$|\.yaml$|^\.ci\/run$|^Vagrantfile$|^lib\/guest\/(init|clock|www\/.*)$/,
    (source) => partsOf(source, /(?<=^|\s)# .*$/gm),
  ],
];

/** What is made, or stands for any. */
const MADE = /^dist\/|[{}<>$]|NAME|FILE/;

/**
 * `lib/a/b.ts`, `docs/a.md`, `test/unit/`, with `*` for anything; and other scripts of any folder: `a/b.ts`, `c.sh`,
 * `d.test.ts`.
 */
const CITED =
  /(?<![\w.*/-])((?:lib|test|docs|topologies|bin)\/[\w./*-]*[\w*]\/?|(?:[\w.*][\w./*-]*)?\w\.(?:ts|sh|test\.js))(?![\w*-]|\.\w)/g;

interface Citation {
  readonly place: string;
  readonly cited: string;
}

function citationsIn(file: string, source: string): Citation[] {
  const text = TEXT_OF.find(([extension]) => extension.test(file))?.[1](source);
  if (text === undefined) return [];
  return [...text.matchAll(CITED)]
    .map(([, cited = '']) => ({ place: file, cited }))
    .filter(({ cited }) => !MADE.test(cited));
}

/** A path begins at the top, in lib/, or in any folder; or it goes on from the file that names it. */
function isThere({ place, cited }: Citation): boolean {
  const path = cited.replace(/\/$/, '').replace(/\.test\.js$/, '.test.ts');
  const here = join(dirname(place), path);
  if (ALL.has(path) || ALL.has(here)) return true;
  if (path.includes('*')) {
    const pattern = new RegExp(`(?:^|/)${path.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
    return FILES.some((file) => pattern.test(file));
  }
  return FILES.some((file) => file.endsWith(`/${path}`));
}

t.test('every file that a comment or a page names is there', async (t) => {
  // What the checks of such checks look at is made up.
  const files = FILES.filter((file) => !['test/unit/cited-files.test.ts', 'test/unit/docs.test.ts'].includes(file));
  const all = files.flatMap((file) => citationsIn(file, readFileSync(`${ROOT}${file}`, 'utf8')));
  t.ok(all.length > 200, `${all.length} are named`);
  t.strictSame(
    all.filter((one) => !isThere(one)).map(({ place, cited }) => `${place} names ${cited}`),
    [],
  );
});

t.test('the check finds what it is for', async (t) => {
  const cited = (file: string, source: string) => citationsIn(file, source).map((one) => one.cited);
  const comment = "/** See lib/none/e.ts, and net/announce.c. */\nconst text = 'lib/none/f.ts';";
  t.strictSame(cited('lib/x.ts', comment), ['lib/none/e.ts']);
  t.strictSame(cited('lib/x.ts', 'run(); // as in none.test.ts, but https://example.org/d.ts'), ['none.test.ts']);
  t.strictSame(cited('lib/x.ts', '// none/e.ts\n// lib/none/e-*.ts, /usr/lib/e.sh'), ['none/e.ts', 'lib/none/e-*.ts']);
  t.strictSame(cited('docs/x.md', '`lib/none/`, `dist/test/runner/run.js`'), ['lib/none/']);
  t.strictSame(cited('lib/x.sh', '# sent by none.ts\ncat other.ts'), ['none.ts']);
  for (const name of ['lib/none/e.ts', 'none.test.ts', 'lib/none/', 'none/e.ts', 'lib/none/e-*.ts'])
    t.notOk(isThere({ place: 'lib/x.ts', cited: name }), name);
  for (const name of ['connection.ts', 'host/connection.ts', 'lib/host/', 'docs/decisions/0020-*.md'])
    t.ok(isThere({ place: 'lib/x.ts', cited: name }), name);
});

function partsOf(source: string, part: RegExp): string {
  return (source.match(part) ?? []).join('\n');
}

function foldersOf(file: string): string[] {
  const folder = dirname(file);
  return folder === '.' ? [] : [folder, ...foldersOf(folder)];
}
