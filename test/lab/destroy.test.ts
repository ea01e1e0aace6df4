import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { labSshSettings } from '../../lib/lab/connect.js';
import { sshDirectory } from '../../lib/lab/lab-directory.js';
import { onLab } from './harness.js';
import { lockHolder, sightOf } from './host-state.js';

/** What somebody else has on each host, beside what vxmig makes. */
const THEIRS = [
  'ovs-vsctl add-br theirs -- set bridge theirs datapath_type=netdev external_ids:owner=somebody',
  'ip tuntap add dev tap-theirs mode tap',
  'nft "add table netdev theirs"',
].join(' && ');

await onLab('two-subnets', async (t, lab) => {
  await Promise.all(lab.topology.hosts.map(({ name }) => lab.shell(name, THEIRS)));
  const untouched = await sightOf(lab);
  await lab.apply();
  await rm(lab.file);

  const settings = [...(await labSshSettings(lab.name)).values()];
  const hosts = settings.flatMap(({ address }) => ['--host', `root@${address}`]);
  const keys = settings.flatMap(({ hostKey }) => ['--host-key', hostKey ?? '']);
  const identity = ['--identity', join(sshDirectory(lab.name), 'id_ed25519')];
  const destroy = (name: string, ...options: readonly string[]) => lab.run('destroy', name, '--yes', ...options);
  const made = await sightOf(lab);

  await t.test('a host that is not to be trusted, or not reached, leaves all as it is', async (t) => {
    const wrong = ['--host-key', `SHA256:${'A'.repeat(43)}`];
    const refused = await destroy(lab.name, ...hosts, ...keys.slice(2), ...wrong, ...identity);
    t.match(refused, { exitCode: 1, document: { error: { code: 'SSH_HOST_KEY', message: /nothing was removed/ } } });
    const [gone = ''] = settings.map(({ address }) => `${address}:1`);
    const cut = await destroy(lab.name, ...hosts, '--host', gone, ...keys, ...keys.slice(0, 2), ...identity);
    t.equal(cut.exitCode, 1);
    t.match(cut.document.error, { code: 'SSH_CONNECT', where: gone, message: /ECONNREFUSED.*nothing was removed/ });
    t.same(await sightOf(lab), made);
  });

  await t.test('a name that no host knows is told from one of which nothing is left', async (t) => {
    const { exitCode, document } = await destroy('two-subnet', ...hosts, ...keys, ...identity);
    t.equal(exitCode, 3);
    t.match(document.error, { code: 'NOT_FOUND', where: 'two-subnet' });
    t.match(document.error.message, `called two-subnet; what is there belongs to: ${lab.name}`);
    t.same(await sightOf(lab), made);
  });

  await t.test('the wrong words for it touch nothing', async (t) => {
    for (const [argv, message] of [
      [[lab.file, ...hosts], /is no name of a topology/],
      [[lab.name, ...hosts, ...keys.slice(2)], /3 times --host, and 2 times --host-key/],
      [[lab.name, ...keys], /there is none/],
      [[lab.name, '--host', '192.0.2.7:0'], /USER@/],
      [[lab.name, '--host', '-oProxyCommand=x'], /USER@/],
      [[lab.name, ...hosts, '--host-key', 'MD5:00'], /SHA256/],
    ] as const) {
      const [name = '', ...options] = argv;
      t.match(await destroy(name, ...options), { exitCode: 3, document: { error: { code: 'USAGE', message } } });
    }
    t.equal((await destroy('nobodys-name')).document.error.code, 'NOT_FOUND');
  });

  await lab.shell('host-c', 'ovs-vsctl set bridge br-phy external_ids:vxmig-user-another=yes');
  await t.test('what cannot be removed is named, and the same again removes it', async (t) => {
    await lab.shell(
      'host-b',
      'printf "#!/bin/sh\\nexit 7\\n" >/tmp/nft; chmod +x /tmp/nft; mount --bind /tmp/nft $(command -v nft)',
    );
    const { exitCode, document } = await destroy(lab.name, ...hosts, ...keys, ...identity);
    await lab.shell('host-b', 'umount $(command -v nft)');
    t.equal(exitCode, 1);
    const [, ofB = ''] = settings.map(({ address }) => address);
    t.match(document.error, { code: 'APPLY_FAILED', where: ofB, hint: /the same again/ });
    t.match(document.error.message, new RegExp(`left on ${ofB}: .*underlay br-phy`));
  });

  await t.test('it goes without its file, and nothing else does', async (t) => {
    // By known_hosts and the user's own key, as on machines that one works on.
    const home = t.testdir();
    await mkdir(join(home, '.ssh'));
    for (const file of ['known_hosts', 'id_ed25519'])
      await copyFile(join(sshDirectory(lab.name), file), join(home, '.ssh', file));
    process.env.HOME = home;
    const { exitCode, document } = await destroy(lab.name, ...hosts);
    t.match({ exitCode, error: document.error }, { exitCode: 0, error: undefined });
    const after = await sightOf(lab);
    t.same([after['host-a'], after['host-b']], [untouched['host-a'], untouched['host-b']]);
    t.match(await lab.on('host-c', 'ovs-vsctl', 'list-br'), /br-phy/, 'another topology needs it');
    for (const { name } of lab.topology.hosts) t.equal(await lockHolder(lab, name), '');

    t.equal((await destroy('another', ...hosts)).exitCode, 0);
    t.same(await sightOf(lab), untouched, 'the last one takes the underlay bridge with it');
    t.match(await destroy(lab.name, ...hosts), {
      exitCode: 3,
      document: { error: { message: /nothing there is vxmig/ } },
    });
  });
});
