import { execFileSync } from 'node:child_process';
import { linkSync } from 'node:fs';
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

const TOPOLOGY = 'version: 1\nhosts: {}\n';

t.test('files and directories of students, as learning platforms export them, by name', async (t) => {
  const directory = t.testdir({
    'zoe.yaml': 'a',
    'smithjane_1234_5678_answer.YML': 'a',
    'Jane Doe_12345_assignsubmission_file_': { 'answer.yaml': 'a', 'notes.txt': '', '._answer.yaml': '', '.git': {} },
    'Jane Doe_12345_assignsubmission_onlinetext_': { 'onlinetext.html': '<p>' },
    '-rf.yaml': 'a',
    'B.yaml': 'a',
    'Zed.TXT': TOPOLOGY,
    'readme.txt': 'networks are described here',
    'readme.pdf': '',
    '.DS_Store': '',
    'submission_metadata.yml': 'submission_1:\n  :submitters: []\n',
    __MACOSX: { '._zoe.yaml': '' },
    submission_1: { 'answer.yaml': 'a', 'metadata.yml': 'a' },
    deep: { inner: { __MACOSX: { '._a.yaml': '' }, 'a.yaml': { 'b.YAML': TOPOLOGY }, 'other.yaml': 'x: 1' } },
    braces: { 'a.json.txt': '{"version": 1, "hosts": {}}', 'b.txt': 'hosts are written like this: {}' },
  });
  t.strictSame(await found(directory), [
    '-rf: -rf.yaml',
    'B: B.yaml',
    'Jane Doe_12345_assignsubmission_file_: Jane Doe_12345_assignsubmission_file_/answer.yaml',
    'Zed: Zed.TXT',
    'braces: braces/a.json.txt',
    'deep: deep/inner/a.yaml/b.YAML',
    'smithjane_1234_5678_answer: smithjane_1234_5678_answer.YML',
    'submission_1: submission_1/answer.yaml',
    'zoe: zoe.yaml',
  ]);
  t.strictSame((await findSubmissions(directory)).ignored, [
    '.DS_Store',
    'Jane Doe_12345_assignsubmission_file_/._answer.yaml',
    'Jane Doe_12345_assignsubmission_file_/.git',
    'Jane Doe_12345_assignsubmission_file_/notes.txt',
    'Jane Doe_12345_assignsubmission_onlinetext_',
    '__MACOSX',
    'braces/b.txt',
    'deep/inner/__MACOSX',
    'deep/inner/other.yaml',
    'readme.pdf',
    'readme.txt',
    'submission_1/metadata.yml',
    'submission_metadata.yml',
  ]);
});

t.test('two of one name are two students', async (t) => {
  const directory = t.testdir({
    'dup.yaml': 'a',
    dup: { 'x.yaml': 'a' },
    'dup.yaml.yml': 'a',
    'ann.yaml': 'a',
    'ann.yml': 'a',
  });
  t.strictSame(await found(directory), [
    'ann.yaml: ann.yaml',
    'ann.yml: ann.yml',
    'dup: dup/x.yaml',
    'dup.yaml: dup.yaml',
    'dup.yaml.yml: dup.yaml.yml',
  ]);
});

t.test('what is no one topology is told, and what is no file is never opened', async (t) => {
  const directory = t.testdir({
    two: { 'a.yaml': TOPOLOGY, sub: { 'b.yml': TOPOLOGY } },
    neither: { 'a.yaml': '', 'b.yml': '' },
    none: { 'a.txt': '' },
    archive: { 'a.zip': '', sub: { '.DS_Store': '' } },
    empty: {},
    'large.yaml': Buffer.alloc(2 ** 20 + 1, '#').toString(),
    'largest.yaml': Buffer.alloc(2 ** 20, '#').toString(),
    'out.yaml': t.fixture('symlink', '/etc/passwd'),
    'in.yaml': t.fixture('symlink', 'largest.yaml'),
    away: t.fixture('symlink', '/'),
    inside: { 'a.yaml': t.fixture('symlink', '/dev/zero'), sub: t.fixture('symlink', '/etc') },
    one: { 'a.yaml': t.fixture('symlink', '/dev/zero'), 'b.yaml': TOPOLOGY },
    many: Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`${index}.yaml`, ''])),
  });
  execFileSync('mkfifo', [join(directory, 'pipe.yaml')]);
  linkSync(join(directory, 'largest.yaml'), join(directory, 'also.yaml'));
  const link = 'a link, which is not followed';
  t.strictSame(await found(directory), [
    "also: unseen, also.yaml has 2 names (hard links), and may be somebody else's file",
    'archive: broken, there is no file whose name ends in .yaml or .yml, only a.zip, sub/.DS_Store',
    `away: broken, away is ${link}`,
    'empty: broken, there is no file whose name ends in .yaml or .yml',
    `in: broken, in.yaml is ${link}`,
    `inside: broken, a.yaml is ${link}`,
    'large: broken, large.yaml is larger than 1 MiB',
    "largest: unseen, largest.yaml has 2 names (hard links), and may be somebody else's file",
    'many: broken, there are more than 1000 files, or directories in more than 8 others',
    'neither: broken, there is no topology in a.yaml, b.yml',
    'none: broken, there is no topology in a.txt',
    'one: one/b.yaml',
    `out: broken, out.yaml is ${link}`,
    'pipe: broken, pipe.yaml is a pipe',
    'two: broken, there are 2 topologies, not one: a.yaml, sub/b.yml',
  ]);
});

t.test('a directory that holds nobody’s submission is refused', async (t) => {
  await refuses(t, t.testdir({ 'readme.txt': '', '.yaml': '', '...yaml': '' }), /there are no submissions/);
  await refuses(t, '/no/such', /there is no such directory/);
  await refuses(t, '/etc/passwd', /it is no directory/);
});
