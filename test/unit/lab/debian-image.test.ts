import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { buildDebianImage } from '../../../lib/lab/debian-image.js';

const FOLDER = fileURLToPath(new URL('../../../../lib/guest/debian/', import.meta.url));

function build(args: readonly string[], path: string) {
  const { status, stdout, stderr } = spawnSync('/bin/bash', [`${FOLDER}build.sh`, ...args], {
    encoding: 'utf8',
    env: { PATH: path },
  });
  return { status, said: `${stdout}${stderr}` };
}

t.test('an image that was built of the same scripts is left as it is, and nobody is asked for anything', async (t) => {
  const scripts = ['build.sh', 'customize.sh', 'packages.txt'].map((name) => readFileSync(`${FOLDER}${name}`));
  const digest = createHash('sha256').update(Buffer.concat(scripts)).digest('hex');
  const output = t.testdir({ 'disk.qcow2': 'an image', stamp: `inputs ${digest}\nkernel 6.1.0\n` });
  const args = ['--output', output, '--mirror', 'http://mirror.invalid/debian'];
  t.match(build(args, process.env.PATH ?? ''), { status: 0, said: /is there already \(6\.1\.0\)/ });
  t.equal(readFileSync(`${output}/disk.qcow2`, 'utf8'), 'an image');
});

t.test('what has to be installed first is named', { skip: process.getuid?.() !== 0 && 'not root' }, async (t) => {
  const directory = t.testdir({});
  mkdirSync(`${directory}/bin`);
  for (const name of ['cat', 'sed', 'sha256sum', 'dirname', 'id']) {
    const found = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(found, `${directory}/bin/${name}`);
  }
  writeFileSync(`${directory}/bin/mmdebstrap`, '', { mode: 0o755 });
  // /usr/sbin and /sbin are added there: mke2fs may be found.
  t.match(build(['--output', `${directory}/out`], `${directory}/bin`), {
    status: 2,
    said: /^debian image: (mke2fs|qemu-img) is missing \(package (e2fsprogs|qemu-utils)\)$/m,
  });
});

t.test('who is interrupted before it begins begins nothing', async (t) => {
  const signal = AbortSignal.abort(new Error('interrupted'));
  const request = { refresh: true, mirror: null, tell: () => t.fail('it was begun'), signal };
  await t.rejects(buildDebianImage(request), /interrupted/);
});
