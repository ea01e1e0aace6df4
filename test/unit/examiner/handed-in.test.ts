import { execFileSync } from 'node:child_process';
import { linkSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readHandedIn } from '../../../lib/examiner/handed-in.js';

async function told(path: string): Promise<string> {
  const handed = await readHandedIn(path);
  return handed.kind === 'file' ? handed.bytes.toString() : `${handed.kind}: ${handed.why}`;
}

t.test('a file, and nothing that a link leads to', async (t) => {
  const directory = t.testdir({
    'a.yaml': 'mine',
    secret: 'a line of somebody else’s',
    inner: { 'a.yaml': 'inner' },
    way: t.fixture('symlink', 'inner'),
    'l.yaml': t.fixture('symlink', 'secret'),
    'nowhere.yaml': t.fixture('symlink', 'none'),
    'two\nlines.yaml': t.fixture('symlink', 'secret'),
  });
  const at = (name: string) => join(directory, name);
  t.equal(await told(at('a.yaml')), 'mine');
  t.equal(await told(at('inner/../a.yaml')), 'mine');
  t.equal(await told(at('l.yaml')), 'broken: l.yaml is a link, which is not followed');
  t.equal(await told(at('nowhere.yaml')), 'broken: nowhere.yaml is a link, which is not followed');
  t.equal(await told(at('two\nlines.yaml')), 'broken: two\\u000alines.yaml is a link, which is not followed');
  t.match(await told(at('way/a.yaml')), /^unseen: .*way on the way to a.yaml is a link, and links are not followed$/);
  t.equal(await told(at('inner')), 'broken: inner is a directory');
  t.equal(await told('/dev/zero'), 'broken: zero is a device or a socket');
  execFileSync('mkfifo', [at('pipe')]);
  t.equal(await told(at('pipe')), 'broken: pipe is a pipe');
  linkSync(at('secret'), at('hard.yaml'));
  t.match(await told(at('hard.yaml')), /^unseen: hard.yaml has 2 names/);
  writeFileSync(at('large'), Buffer.alloc(2 ** 20 + 1));
  t.equal(await told(at('large')), 'broken: large is larger than 1 MiB');
  await t.rejects(readHandedIn(at('none.yaml')), { code: 'NOT_FOUND', message: /there is no such file/ });
  await t.rejects(readHandedIn(at('a.yaml/b')), { code: 'NOT_FOUND', message: /there is no such file/ });
});

t.test('the path may change meanwhile: what is read is a file that was there, or nothing', async (t) => {
  const directory = t.testdir({ secret: 'secret', 'a.yaml': 'mine' });
  const [file, link] = [join(directory, 'a.yaml'), join(directory, 'link')];
  let isOver = false;
  const swapping = (async () => {
    while (!isOver) {
      symlinkSync('secret', link);
      renameSync(link, file);
      await new Promise((resolve) => setImmediate(resolve));
      writeFileSync(link, 'mine');
      renameSync(link, file);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const answers = new Set<string>();
  for (let round = 0; round < 100; round += 1) answers.add(await told(file));
  isOver = true;
  await swapping;
  t.notOk(answers.has('secret'));
  t.ok(answers.has('mine'));
});
