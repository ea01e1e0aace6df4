import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { GENERATED_FILES, PACKAGE_URL } from '../../generated/files.js';

const FIX = 'run `npm run docs`, look at what has changed, and check it in';

for (const { path, text } of GENERATED_FILES) {
  t.test(`${path} says what the code says`, async (t) => {
    t.equal(readFileSync(new URL(path, PACKAGE_URL), 'utf8'), text(), FIX);
  });
}

t.test('no golden file is left over from a case that is gone', async (t) => {
  const known = GENERATED_FILES.map(({ path }) => path);
  const there = ['test/golden/', 'test/golden/import/'].flatMap((folder) =>
    readdirSync(new URL(folder, PACKAGE_URL)).map((name) => folder + name),
  );
  t.strictSame(
    there.filter((path) => /\.(?:flows|txt)$/.test(path) && !known.includes(path)),
    [],
  );
});
