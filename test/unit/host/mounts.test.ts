import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { mountCommand, mountSight, unmountCommand } from '../../../lib/host/mounts.js';
import type { Command } from '../../../lib/model/command.js';
import { isMounted, pointAt } from '../../../lib/model/mount.js';

t.test('what of mounts a host has is read as the kernel writes it', async (t) => {
  const sight = mountSight(`client=
mark=pool 77 /srv/my pool
other=/srv/shared
filled=/srv/full
point=22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
point=77 22 0:45 / /srv/my\\040pool rw,relatime shared:9 - nfs4 [fd00::1]:/srv/vms rw,vers=4.2,hard
end=
`);
  t.match(sight, {
    ...{ hasClient: true, hasHelper: false, others: ['/srv/shared'], filled: ['/srv/full'] },
    marks: [{ storage: 'pool', id: '77', path: '/srv/my pool' }],
  });
  const point = pointAt(sight, '/srv/my pool');
  t.match(point, { id: '77', type: 'nfs4', options: ['rw', 'relatime', 'rw', 'vers=4.2', 'hard'] });
  t.ok(isMounted({ source: '[fd00::1]:/srv/vms' }, point));
  t.notOk(isMounted({ source: '[fd00::1]:/srv' }, point));
  t.equal(pointAt(sight, '/srv'), null);
});

/** As on a host, in a mount namespace of its own. */
function run({ argv, stdin }: Required<Command>, setup: string, after = '') {
  const isolated = `mount -t tmpfs none /run && ${setup} && { "$@"${after}; }`;
  const isolating = ['--mount', '--', 'sh', '-c', isolated, 'sh', ...argv];
  const { status, stdout, stderr } = spawnSync('unshare', isolating, { encoding: 'utf8', input: stdin });
  return { status, output: `${stdout}${stderr}` };
}

const POOL = { topology: 'shop', storage: 'pool' } as const;
const needsRoot = process.getuid?.() === 0 ? false : 'needs root';

t.test('nothing is mounted over what is there', { skip: needsRoot }, async (t) => {
  const directory = t.testdir({});
  const path = `${directory}/a pool`;
  mkdirSync(path);
  const command = mountCommand({ ...POOL, path, source: '192.0.2.1:/srv/vms', options: 'hard,vers=4.2' });
  const mount = (setup: string) => run(command, setup);
  const other = mount(`mount -t tmpfs other '${path}'`);
  t.match(other, { status: 1, output: /something else is mounted at .*a pool: \d+ tmpfs other/ });
  writeFileSync(`${path}/precious`, '');
  t.match(mount('true'), { status: 1, output: /a pool is not empty/ });
  t.strictSame(readdirSync(path), ['precious']);
});

t.test('only what vxmig has mounted is unmounted', { skip: needsRoot }, async (t) => {
  const path = t.testdir({});
  const marked = (mark: string) =>
    `mkdir -p /run/vxmig/mounts/shop && echo '${mark} ${path}' >/run/vxmig/mounts/shop/pool && ` +
    `mount -t tmpfs x '${path}'`;
  const after = `; grep -c ' ${path} ' /proc/self/mountinfo; ls /run/vxmig/mounts`;
  const command = unmountCommand({ ...POOL, path });
  const { output } = run(command, marked('1'), after);
  t.equal(output, '1\n', 'it is another mount than the mark says: it stays, and the mark goes');
  t.equal(run(command, 'true').status, 0, 'what was never mounted is gone');
});
