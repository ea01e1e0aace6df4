import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findSubmissions } from '../../../lib/examiner/submissions.js';

/** What was found, as `student: file name` or `student: why not`. */
async function found(directory: string): Promise<readonly string[]> {
  const { submissions } = await findSubmissions(directory);
  return submissions.map(({ student, path, ...rest }) =>
    'why' in rest ? `${student}: ${rest.kind}, ${rest.why}` : `${student}: ${path.slice(directory.length + 1)}`,
  );
}

async function refuses(t: Test, directory: string, message: RegExp): Promise<void> {
  await t.rejects(findSubmissions(directory), { code: 'NOT_FOUND', message });
}

t.test('files and directories of students, as learning platforms export them, by name', async (t) => {
  const directory = t.testdir({
    'zoe.yaml': 'a',
    'smithjane_1234_5678_answer.YML': 'a',
    'Jane Doe_12345_assignsubmission_file_': { 'answer.yaml': 'a', 'notes.txt': '', '._answer.yaml': '', '.git': {} },
    '-rf.yaml': 'a',
    'B.yaml': 'a',
    'readme.pdf': '',
    '.DS_Store': '',
    __MACOSX: { '._zoe.yaml': '' },
  });
  t.strictSame(await found(directory), [
    '-rf: -rf.yaml',
    'B: B.yaml',
    'Jane Doe_12345_assignsubmission_file_: Jane Doe_12345_assignsubmission_file_/answer.yaml',
    'smithjane_1234_5678_answer: smithjane_1234_5678_answer.YML',
    'zoe: zoe.yaml',
  ]);
  t.strictSame((await findSubmissions(directory)).ignored, ['readme.pdf']);
});

t.test('what is no one file is told, and never opened', async (t) => {
  const directory = t.testdir({
    two: { 'a.yaml': '', 'b.yml': '' },
    none: { 'a.txt': '' },
    deep: { 'a.yaml': { 'b.yaml': '' } },
    'twice.yaml': '',
    twice: { 'a.yaml': '' },
    'large.yaml': Buffer.alloc(2 ** 20 + 1, '#').toString(),
    'largest.yaml': Buffer.alloc(2 ** 20, '#').toString(),
    'out.yaml': t.fixture('symlink', '/etc/passwd'),
    'in.yaml': t.fixture('symlink', 'largest.yaml'),
    away: t.fixture('symlink', '/'),
    inside: { 'a.yaml': t.fixture('symlink', '/dev/zero') },
  });
  execFileSync('mkfifo', [join(directory, 'pipe.yaml')]);
  const link = 'a link, which is not followed';
  t.strictSame(await found(directory), [
    `away: broken, away is ${link}`,
    'deep: broken, a.yaml is a directory',
    `in: broken, in.yaml is ${link}`,
    `inside: broken, a.yaml is ${link}`,
    'large: broken, large.yaml is larger than 1 MiB',
    'largest: largest.yaml',
    'none: broken, there is no file whose name ends in .yaml or .yml',
    `out: broken, out.yaml is ${link}`,
    'pipe: broken, pipe.yaml is a pipe',
    'twice: broken, there is more than one: twice, twice.yaml',
    'two: broken, there are 2 YAML files, not one',
  ]);
});

t.test('a directory that holds nobody’s submission is refused', async (t) => {
  await refuses(t, t.testdir({ 'readme.txt': '', '.yaml': '', '...yaml': '' }), /there are no submissions/);
  await refuses(t, '/no/such', /there is no such directory/);
  await refuses(t, '/etc/passwd', /it is no directory/);
});
