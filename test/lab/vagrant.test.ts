import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const missing = spawnSync('vagrant', ['--version']).error !== undefined;

t.test('vagrant accepts the Vagrantfile', { skip: missing && 'vagrant is not installed' }, async (t) => {
  // In a directory of its own: vagrant leaves .vagrant/ beside the file it reads. Providers need not be installed.
  const directory = t.testdir({ lib: {}, home: {} });
  copyFileSync(`${root}Vagrantfile`, `${directory}/Vagrantfile`);
  const { status, stdout, stderr } = spawnSync('vagrant', ['validate', '--ignore-provider'], {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, VAGRANT_HOME: `${directory}/home`, VAGRANT_CHECKPOINT_DISABLE: '1' },
  });
  t.equal(status, 0, `${stdout}${stderr}`);
  t.match(stdout, /validated successfully/);
});
